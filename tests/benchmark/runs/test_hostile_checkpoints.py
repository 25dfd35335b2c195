"""Checkpoints that would run something, wherever the commands read one."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from .smoke_runs import call, options

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

pytestmark = pytest.mark.slow

FOLD = Path("nnunet/results/Dataset001_Bench/BenchTrainer__benchPlans__3d_fullres/fold_0")
FINAL, LATEST = FOLD / "checkpoint_final.pth", FOLD / "checkpoint_latest.pth"


class Touching:
    def __init__(self, file: Path):
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.file}",)


@pytest.fixture
def work(finished: Path, tmp_path: Path) -> Path:
    """A work folder whose trained network would make the file `touched` beside it, and which wants it once more."""
    work = shutil.copytree(finished, tmp_path / "work", symlinks=True)
    content = torch.load(work / FINAL, weights_only=False)
    torch.save({**content, "logging": Touching(tmp_path / "touched")}, work / FINAL)
    (work / "fold-0" / "record.json").unlink()
    shutil.rmtree(work / "fold-0" / "nnunet-v2")
    return work


def refused(file: Path, *arguments: object) -> None:
    output = " ".join(call(*arguments, exit_code=1).split())
    assert f"{file} was not read: it names {os.name}.system, and a checkpoint may hold only tensors" in output
    assert "Put back the file that the training wrote, or train again" in output
    assert "Traceback" not in output


def test_prediction_runs_nothing(raw, work, tmp_path):
    refused(work / FINAL, "run", "nnunet-v2", *options(raw, work, "--fold", 0))
    assert not (tmp_path / "touched").exists()


def test_a_training_that_goes_on_runs_nothing(raw, work, tmp_path):
    (work / FINAL).rename(work / LATEST)
    refused(work / LATEST, "run", "nnunet-v2", *options(raw, work, "--fold", 0))
    assert not (tmp_path / "touched").exists()


def test_a_transfer_runs_nothing(public: Callable[[str], Path], work, tmp_path):
    target = options(public("lits"), tmp_path / "transferred", "--fold", 0)
    refused(work / FINAL, "transfer", "nnunet-v2", "--pretrain", work, *target)
    assert not (tmp_path / "touched").exists()


def test_the_same_run_goes_on_once_the_file_is_put_back(raw, finished, work):
    refused(work / FINAL, "run", "nnunet-v2", *options(raw, work, "--fold", 0))
    shutil.copyfile(finished / FINAL, work / FINAL)
    call("run", "nnunet-v2", *options(raw, work, "--fold", 0))
    for path in (finished / "fold-0" / "nnunet-v2").iterdir():
        assert (work / "fold-0" / "nnunet-v2" / path.name).read_bytes() == path.read_bytes()


def test_of_a_pretrained_run_json_and_one_checkpoint_are_enough(public: Callable[[str], Path], finished, tmp_path):
    """What else is there, pickles of prepared cases among it, may be hostile too."""
    for path in finished.rglob("*"):
        if path.suffix == ".json" or path == finished / FINAL:
            (tmp_path / "least" / path.relative_to(finished)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, tmp_path / "least" / path.relative_to(finished))
    target = options(public("lits"), tmp_path / "transferred", "--fold", 0)
    assert "parameters begin as trained" in call("transfer", "nnunet-v2", "--pretrain", tmp_path / "least", *target)
