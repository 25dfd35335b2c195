"""The transfer experiment under the smoke budget, from a phantom of MSWAL to one of LiTS."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mswal_bench.baselines.method import Budget, Job
from mswal_bench.baselines.registry import METHODS
from mswal_bench.tests.conftest import MadeOnce

from .smoke_runs import call, call_interrupted, check_predictions, options, read_record

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

pytestmark = pytest.mark.slow

NAME = "nnunet-resenc"
CHECKPOINT = Path("nnunet/results/Dataset001_Bench/BenchTrainer__benchPlans__3d_fullres/fold_0/checkpoint_final.pth")
STRUCTURES = ["liver", "liver_tumor"]


@pytest.fixture(scope="session")
def pretrained(finished_by: Callable[..., Path]) -> Path:
    return finished_by(NAME, None)


@pytest.fixture(scope="session")
def transferred(public: Callable[[str], Path], pretrained: Path, made_once: MadeOnce) -> tuple[Path, str]:
    """The work folder of a finished transfer to `lits`, which was interrupted, and what was printed.

    Not to be written to.
    """

    def make(folder: Path) -> None:
        arguments = transfer_to(public("lits"), folder / "work", pretrained)
        with pytest.MonkeyPatch.context() as monkeypatch:
            call_interrupted(monkeypatch, *arguments)
        (folder / "printed.txt").write_text(call(*arguments), encoding="utf-8")

    folder = made_once("transfer-lits", make)
    return folder / "work", (folder / "printed.txt").read_text(encoding="utf-8")


def transfer_to(raw: Path, work: Path, pretrained: Path) -> tuple[object, ...]:
    return ("transfer", NAME, "--pretrain", pretrained, *options(raw, work, "--fold", 0))


def test_both_runs_are_scored_and_compared(public, pretrained, transferred):
    work, printed = transferred
    record = json.loads((work / "transfer-fold-0.json").read_text())
    scratch, second = read_record(work / "scratch"), read_record(work / "pretrained")
    assert list(record["structures"]) == STRUCTURES
    assert record["protocol"] == f"mswal/1 on {'+'.join(STRUCTURES)}" == scratch["scores"]["protocol"]
    for key, structure in record["structures"].items():
        both = [run["scores"]["methods"][NAME]["classes"][key]["dsc"] for run in (scratch, second)]
        assert [structure["scratch"], structure["pretrained"]] == both
        assert structure["improvement"] == pytest.approx(both[1] - both[0])
        assert any(line.startswith(structure["name"]) for line in printed.splitlines())
    assert "Gallstone" not in printed
    assert record["records"] == {name: f"{name}/fold-0/record.json" for name in ("scratch", "pretrained")}
    assert record["cases"] == 2
    for name in ("scratch", "pretrained"):
        check_predictions(work / name / "fold-0" / NAME, sorted((public("lits") / "imagesTs").iterdir()))


def test_the_runs_differ_in_their_first_weights_alone(pretrained, transferred):
    work, printed = transferred
    scratch, second = read_record(work / "scratch"), read_record(work / "pretrained")
    assert scratch["start"] is None
    start = second["start"]
    assert start == json.loads((work / "transfer-fold-0.json").read_text())["start"]
    assert start["run"] == read_record(pretrained)["identity"]
    assert start["digest"] == second["identity"]["start"]
    assert second["identity"] | {"start": None} == scratch["identity"]
    plans = [work / name / "nnunet/preprocessed/Dataset001_Bench/benchPlans.json" for name in ("scratch", "pretrained")]
    assert plans[0].read_bytes() == plans[1].read_bytes()
    assert all(name.startswith("decoder.seg_layers.") for name in start["fit"]["output"])
    assert (start["fit"]["unlike"], start["fit"]["unused"]) == ({}, [])
    loaded, output = (sum(start["fit"][part].values()) for part in ("loaded", "output"))
    assert loaded + output == second["parameters"] == scratch["parameters"]
    # Told when it is known, and below the table.
    assert printed.count(f"{loaded:,} of {loaded + output:,} parameters begin as trained") == 2


def test_an_interrupted_transfer_goes_on(transferred):
    work, _ = transferred
    first, second = read_record(work / "pretrained")["training"]["0"]
    assert second["from_epoch"] == first["to_epoch"] in (1, 2, 3)
    (only,) = read_record(work / "scratch")["training"]["0"]
    assert only["from_epoch"] == 0


def test_called_again_it_repeats_nothing(public, pretrained, transferred, tmp_path):
    work = shutil.copytree(transferred[0], tmp_path / "work", symlinks=True)
    made = [path for pattern in ("*.nii.gz", "*.pth", "record.json") for path in work.rglob(pattern)]
    before = {path: path.stat().st_mtime_ns for path in made}
    output = call(*transfer_to(public("lits"), work, pretrained), "--format", "csv")
    assert "structure,dsc_scratch,dsc_pretrained,improvement\nliver," in output
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_other_weights_are_another_transfer(public, pretrained, transferred, tmp_path):
    work = shutil.copytree(transferred[0], tmp_path / "work", symlinks=True)
    shutil.copytree(pretrained, tmp_path / "other", symlinks=True)
    with (tmp_path / "other" / CHECKPOINT).open("ab") as file:
        file.write(b"\0")
    output = call(*transfer_to(public("lits"), work, tmp_path / "other"), exit_code=1)
    assert "this work folder belongs to a run with another start: expected sha256:" in output


def test_the_first_step_begins_with_the_trained_weights(public, pretrained, transferred, tmp_path, monkeypatch):
    from mswal_bench.baselines.nnunet.trainer import BenchTrainer

    work = shutil.copytree(transferred[0], tmp_path / "work", symlinks=True)
    begun: list[dict[str, Any]] = []

    def keep_weights(trainer: BenchTrainer) -> None:
        if not trainer.was_initialized:
            trainer.initialize()
        begun.append(trainer.network.state_dict())

    monkeypatch.setattr(BenchTrainer, "run_training", keep_weights)
    trained = torch.load(pretrained / CHECKPOINT, weights_only=False)["network_weights"]
    for start in (pretrained / CHECKPOINT, None):
        # A fold that has not been trained yet.
        job = Job(public("lits"), work / "pretrained", (), Budget.SMOKE, "cpu", 0, start)
        METHODS[NAME].train(job, 1, lambda done, total, note: None)
    with_weights, without = begun
    outputs = {name for name in with_weights if ".seg_layers." in name}
    assert outputs
    for name, tensor in with_weights.items():
        # The output layer is drawn as it would be without.
        expected = without[name] if name in outputs else trained[name]
        assert torch.equal(tensor, expected), name
    convolutions = [name for name, tensor in without.items() if name not in outputs and tensor.ndim == 5]
    assert len(convolutions) > 10
    assert not any(torch.equal(without[name], trained[name]) for name in convolutions)
