"""Runs that are asked to stop, of a method that trains at once."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

pytest.importorskip("psutil")

from mswal_bench.baselines.method import Job, Report
from mswal_bench.baselines.stop_request import StoppedError, ask_to_stop
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_listing import Condition, list_runs
from mswal_bench.benchmark.runs.run_method import RunOutcome, run_method
from mswal_bench.benchmark.runs.run_progress import read_failures, read_progress
from mswal_bench.tests.baselines.stopping import not_asked_to_stop

from .quick_method import EPOCHS, QuickMethod, network


class AskedMethod(QuickMethod):
    """Asks to stop itself, in its training or in its prediction."""

    asks_in = ""

    def train(self, job: Job, fold: int, report: Report) -> None:
        """As the trainers do, after half of the epochs."""
        path = network(job.work, fold)
        path.parent.mkdir(exist_ok=True)
        if self.asks_in == "train":
            ask_to_stop()
            path.write_text(f"{fold} {EPOCHS // 2}")
            raise StoppedError("after half of it")
        super().train(job, fold, report)

    def predict(self, job: Job, folds: Sequence[int], images: Mapping[str, Path], out: Path, report: Report) -> float:
        """Case by case, as all do; what is there is kept."""
        if self.asks_in == "predict":
            ask_to_stop()
        waited_s = 0.0
        for case, image in images.items():
            report(sum((out / f"{each}.nii.gz").exists() for each in images), len(images), case)
            waited_s += super().predict(job, folds, {case: image}, out, report)
        report(len(images), len(images), "")
        return waited_s


def run(raw: Path, work: Path, asks_in: str = "", devices: Sequence[str] = ()) -> RunOutcome:
    method = AskedMethod()
    method.asks_in = asks_in
    with not_asked_to_stop():
        return run_method(method, raw, work, selection="0", device="cpu", devices=devices)


def label_maps(work: Path) -> list[str]:
    return sorted(path.name for path in (work / "fold-0" / "quick").glob("*.nii.gz"))


def condition(work: Path) -> Condition:
    (found,) = list_runs(work).runs
    return found.condition


def test_a_training_that_was_stopped_is_no_failure_and_goes_on(raw, tmp_path):
    with pytest.raises(StoppedError, match="after half of it"):
        run(raw, tmp_path, "train")
    assert read_failures(tmp_path) == {}
    assert condition(tmp_path) is Condition.STOPPED
    run(raw, tmp_path)
    assert condition(tmp_path) is Condition.FINISHED
    first, second = RunFolder(tmp_path).state().training[0]
    assert (first.to_epoch, second.from_epoch, second.to_epoch) == (EPOCHS // 2, EPOCHS // 2, EPOCHS)


@pytest.mark.parametrize("devices", [(), ("cpu",)], ids=["here", "another"])
def test_a_prediction_stops_after_a_case_and_goes_on(raw, tmp_path, devices):
    with pytest.raises(StoppedError, match="did after 1 of 2 cases"):
        run(raw, tmp_path, "predict", devices)
    (one,) = label_maps(tmp_path)
    assert [step.step for step in read_progress(tmp_path)] == ["predict"]
    assert read_failures(tmp_path) == {}
    assert condition(tmp_path) is Condition.STOPPED
    # Of the two one is left, and it is done before it stops: that is all.
    run(raw, tmp_path, "predict")
    assert len(label_maps(tmp_path)) == 2
    assert one in label_maps(tmp_path)
    assert condition(tmp_path) is Condition.FINISHED
