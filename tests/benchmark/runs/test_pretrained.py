"""Which weights of a work folder another run begins with. The checkpoints are no checkpoints: nothing reads them."""

from pathlib import Path

import pytest

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.runs.pretrained import find_pretrained
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_record import RunIdentity
from mswal_bench.tests.baselines.nnunet.small_plans import write_plans

METHOD = METHODS["nnunet-resenc"]
FOLDS = Path("results/Dataset001_Bench/BenchTrainer__benchPlans__3d_fullres")


def begin(work: Path, method: str = METHOD.name) -> Path:
    digests = {"split_digest": "s", "files_digest": "f", "settings_digest": "t"}
    RunFolder(work).open(RunIdentity(method=method, budget="smoke", seed=0, dataset="MSWAL", **digests))
    return work


def train(work: Path, fold: int, content: bytes = b"weights", name: str = "checkpoint_final.pth") -> None:
    path = work / "nnunet" / FOLDS / f"fold_{fold}" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A run of `nnunet-resenc` that is prepared."""
    begin(tmp_path / "work")
    write_plans(tmp_path / "work")
    return tmp_path / "work"


def refusal(*arguments: object) -> str:
    with pytest.raises(BenchError) as caught:
        find_pretrained(*arguments)  # type: ignore[arg-type]
    return str(caught.value)


def test_the_only_trained_fold(work):
    train(work, 3)
    found = find_pretrained(METHOD, work)
    assert (found.fold, found.run.dataset) == (3, "MSWAL")
    assert found.file.read_bytes() == b"weights"
    # As `printf weights | sha256sum` gives it.
    assert found.digest == "sha256:9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"


def test_the_first_of_several_unless_one_is_named(work):
    for fold in range(5):
        train(work, fold, bytes([fold]))
    assert find_pretrained(METHOD, work).fold == 0
    assert find_pretrained(METHOD, work, 4).file.read_bytes() == b"\x04"
    assert len({find_pretrained(METHOD, work, fold).digest for fold in range(5)}) == 5


def test_the_one_that_another_run_has_begun_with(work):
    train(work, 3)
    before = find_pretrained(METHOD, work)
    train(work, 1, b"later")
    assert find_pretrained(METHOD, work).fold == 1
    assert find_pretrained(METHOD, work, begun_with=before.digest) == before
    assert find_pretrained(METHOD, work, begun_with="sha256:of none of them").fold == 1
    assert find_pretrained(METHOD, work, 1, begun_with=before.digest).fold == 1


def test_a_fold_that_is_not_trained_to_its_end(work):
    train(work, 0, name="checkpoint_latest.pth")
    assert "no fold is trained to its end. Let the run come to its end first." in refusal(METHOD, work)
    train(work, 1)
    assert "fold 0 is not trained to its end: found fold 1." in refusal(METHOD, work, 0)


def test_a_run_that_is_not_prepared(tmp_path):
    assert "no fold is trained to its end" in refusal(METHOD, begin(tmp_path / "work"))


def test_another_method_or_variant(work):
    what = "was not trained by the method that is to begin with its weights: expected"
    assert f"{what} nnunet-v2, found nnunet-resenc." in refusal(METHODS["nnunet-v2"], work)
    inception = begin(work.parent / "inception", "inception-nnunet")
    variant = METHODS["inception-nnunet"].variants()["IV"]
    assert f"{what} inception-nnunet-IV, found inception-nnunet." in refusal(variant, inception)


def test_a_method_that_begins_with_no_weights(tmp_path):
    work = begin(tmp_path / "work", "nnunet-v1")
    assert refusal(METHODS["nnunet-v1"], work) == "nnunet-v1 cannot begin with the weights of another training."


def test_no_work_folder(tmp_path):
    assert "absent: is not the work folder of a run: expected a folder that" in refusal(METHOD, tmp_path / "absent")
    (tmp_path / "file").touch()
    assert "is not the work folder of a run" in refusal(METHOD, tmp_path / "file")
    (tmp_path / "run.json").write_text("{")
    assert refusal(METHOD, tmp_path).endswith("is not the state of a run, or that of another version of this program.")


def test_weights_of_a_plug_in_are_not_those_of_another_method_of_its_name(tmp_path):
    digests = {"split_digest": "s", "files_digest": "f", "settings_digest": "t"}
    run = RunIdentity(method=METHOD.name, package="plug", budget="smoke", seed=0, dataset="MSWAL", **digests)
    RunFolder(tmp_path).open(run)
    assert "expected nnunet-resenc, found nnunet-resenc of plug." in refusal(METHOD, tmp_path)
