"""What a run does around a method, with one that trains at once."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import SimpleITK

pytest.importorskip("psutil")

from mswal_bench.baselines import worker_memory
from mswal_bench.baselines.method import Job
from mswal_bench.baselines.worker_memory import GB
from mswal_bench.benchmark.core.environment import Environment, describe_environment
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.runs import steps
from mswal_bench.benchmark.runs.resources import Resources
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_listing import Condition, ListedRun, list_runs
from mswal_bench.benchmark.runs.run_method import RunOutcome, run_method
from mswal_bench.benchmark.runs.run_progress import read_progress
from mswal_bench.benchmark.runs.tracks import Track
from mswal_bench.benchmark.runs.transfer import transfer
from mswal_bench.benchmark.scoring.merge_scores import merge_into
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.scores import Scores
from mswal_bench.splits import five_folds

from .quick_method import EPOCHS, WAITED_S, QuickMethod, network
from .smoke_runs import check_predictions


def run(raw: Path, work: Path, selection: str = "0", **more: Any) -> RunOutcome:
    return run_method(QuickMethod(), raw, work, selection=selection, device="cpu", **more)


def listed(work: Path) -> ListedRun:
    (found,) = list_runs(work).runs
    return found


def test_a_run_that_was_killed_behind_its_last_checkpoint_is_finished_by_the_next_call(raw, tmp_path, monkeypatch):
    def killed(_: QuickMethod, job: Job, fold: int) -> int:
        if network(tmp_path, fold).exists():
            raise KeyboardInterrupt
        return 0

    with monkeypatch.context() as patch:
        # The last checkpoint is there; nobody closes the session, or takes away its progress.
        patch.setattr(QuickMethod, "epochs_done", killed)
        with pytest.raises(KeyboardInterrupt):
            run(raw, tmp_path)
    assert network(tmp_path, 0).exists()
    assert [step.step for step in read_progress(tmp_path)] == ["train fold 0"]
    assert RunFolder(tmp_path).state().training[0][-1].to_epoch is None
    assert listed(tmp_path).condition is Condition.STOPPED

    run(raw, tmp_path)
    assert (listed(tmp_path).condition, listed(tmp_path).folds_done) == (Condition.FINISHED, [0])
    (session,) = RunFolder(tmp_path).state().training[0]
    assert (session.to_epoch, session.resources) == (EPOCHS, Resources())


def test_corrected_labels_are_scored_and_only_they(raw, tmp_path):
    data, work = tmp_path / "data", tmp_path / "work"
    shutil.copytree(raw, data)
    run(data, work)
    assert run(data, work).finished_before
    before = json.loads((work / "fold-0" / "record.json").read_text())
    assert before["predicted"]["resources"]["device_waited_s"] == WAITED_S
    assert "device_waited_s" not in before["training"]["0"][0]["resources"]

    one, _ = sorted((data / "labelsTs").iterdir())
    corrected = one.with_name("corrected.nii.gz")
    SimpleITK.WriteImage(SimpleITK.ReadImage(str(one)) * 0, str(corrected))
    corrected.replace(one)
    outcome = run(data, work)
    assert not outcome.finished_before
    assert outcome.scores is not None
    assert any(note.startswith("1 of 2 scores were in") for note in outcome.scores.notes)
    after = json.loads((work / "fold-0" / "record.json").read_text())
    assert after["labels_digest"] != before["labels_digest"]
    assert after["scores"] != before["scores"]
    assert after["training"] == before["training"]
    assert run(data, work).finished_before


def test_a_scoring_that_is_interrupted_keeps_what_it_has(raw, tmp_path, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Scores, "save", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(raw, tmp_path)
    outcome = run(raw, tmp_path)
    assert outcome.scores is not None
    assert any(note.startswith("2 of 2 scores were in") for note in outcome.scores.notes)
    assert len(json.loads(outcome.record.read_text())["scores"]["methods"]) == 1


def test_cases_that_cannot_be_predicted_are_named_at_the_end_and_all_others_are_there(raw, tmp_path, monkeypatch):
    one, other = sorted(path.name.removesuffix(".nii.gz") for path in (raw / "labelsTs").iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(QuickMethod, "lost", frozenset({one}))
        with pytest.raises(BenchError) as caught:
            run(raw, tmp_path)
    of_case, of_all = map(str, caught.value.problems)
    assert of_case.startswith(f"{one}: the network's output is not finite and would pass for background; either its ")
    assert "1 of the cases could not be predicted; all others are. Mend what is said of them" in of_all
    predictions = tmp_path / "fold-0" / "quick"
    assert [path.name for path in predictions.iterdir()] == [f"{other}.nii.gz"]
    assert not (tmp_path / "fold-0" / "record.json").exists()
    assert "the network's output is not finite" in listed(tmp_path).failures["fold-0"]
    assert run(raw, tmp_path).scores is not None
    assert listed(tmp_path).condition is Condition.FINISHED


def test_each_goal_keeps_its_own_failure(raw, tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(QuickMethod, "train", fail)
        for fold in "01":
            with pytest.raises(Exception, match="out of memory"):
                run(raw, tmp_path, fold)
    assert [*listed(tmp_path).failures] == ["fold-0", "fold-1"]
    run(raw, tmp_path, "0")
    assert [*listed(tmp_path).failures] == ["fold-1"]
    assert listed(tmp_path).condition is Condition.FAILED
    run(raw, tmp_path, "1")
    assert listed(tmp_path).condition is Condition.FINISHED


@pytest.fixture
def quick_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes on GPUs of two models that have done their work before this one hears that they began it."""

    def carried_out(devices, tasks):
        for number, task in enumerate(tasks):
            with task.progress() as report:
                task.work(report)
                environment: Environment = describe_environment().model_copy(update={"gpu": f"model {number % 2}"})
                task.started(str(devices[0]), environment)
                task.ended(Resources(wall_s=1))

    monkeypatch.setattr(steps, "carry_out_on", carried_out)


def test_of_processes_that_are_quick(raw, tmp_path, quick_workers):
    outcome = run(raw, tmp_path, "all", devices=("cpu", "cpu"))
    record = json.loads(outcome.record.read_text())
    # All began before the first epoch.
    assert record["resumed_from_epochs"] == {str(fold): [] for fold in range(5)}
    assert [session["to_epoch"] for (session,) in record["training"].values()] == [EPOCHS] * 5
    # Two parts of the prediction, on two models.
    predicted = record["predicted"]
    keys = [predicted["environment"], *predicted["other_environments"]]
    assert [record["environments"][key]["gpu"] for key in keys] == ["model 0", "model 1"]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[int | None]]:
    """By step, the memory that a method is told it may take. This process holds 1 GB, and 12 GB are free."""
    told: dict[str, set[int | None]] = {"prepare": set(), "train": set(), "predict": set()}
    for step, of_step in told.items():
        do = getattr(QuickMethod, step)

        def noted(method: QuickMethod, job: Job, *more: Any, do: Any = do, of_step: Any = of_step) -> Any:
            of_step.add(job.memory_bytes)
            return do(method, job, *more)

        monkeypatch.setattr(QuickMethod, step, noted)
    monkeypatch.setattr(worker_memory, "held_memory", lambda: GB)
    monkeypatch.setattr(worker_memory, "free_memory", lambda: 12 * GB)
    monkeypatch.setattr(worker_memory, "allowed_memory", lambda: iter(()))
    return told


@pytest.mark.parametrize(
    ("given", "devices", "expected"),
    [
        (None, 0, (None, None)),
        (None, 1, (None, None)),
        (None, 3, (4 * GB, 4 * GB)),
        (7 * GB, 0, (7 * GB, 7 * GB)),
        (7 * GB, 1, (6 * GB, 6 * GB)),
        # Five folds train, two images are predicted.
        (7 * GB, 3, (2 * GB, 3 * GB)),
    ],
)
def test_processes_share_the_memory(raw, tmp_path, memory, quick_workers, given, devices, expected):
    run(raw, tmp_path, "all", memory_bytes=given, devices=("cpu",) * devices)
    training, prediction = expected
    if devices == 3 and given is None:
        prediction = 6 * GB
    assert memory == {"prepare": {given}, "train": {training}, "predict": {prediction}}


def test_with_other_memory_it_is_the_same_run(raw, tmp_path, memory, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(QuickMethod, "predict", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(raw, tmp_path, memory_bytes=7 * GB)
    told: list[str] = []
    outcome = run(raw, tmp_path, memory_bytes=13 * GB, announce=told.append)
    assert not outcome.finished_before
    assert memory == {"prepare": {7 * GB}, "train": {7 * GB}, "predict": {13 * GB}}
    assert "warning: 13.0 GB of memory were given, and 12.0 GB are free" in told
    assert run(raw, tmp_path).finished_before


def test_a_transfer_hands_the_memory_to_both_runs(raw, tmp_path, memory):
    run(raw, tmp_path / "pretrain", memory_bytes=3 * GB)
    transfer(
        QuickMethod(), raw, tmp_path / "t", tmp_path / "pretrain", selection="0", device="cpu", memory_bytes=5 * GB
    )
    assert memory == {step: {3 * GB, 5 * GB} for step in memory}


def test_a_transfer_to_kits_compares_its_structures(raw, public, tmp_path):
    run(raw, tmp_path / "pretrain")
    work = tmp_path / "work"
    outcome = transfer(QuickMethod(), public("kits"), work, tmp_path / "pretrain", selection="0", device="cpu")
    assert list(outcome.record.structures) == ["kidney", "kidney_tumor", "kidney_cyst"]
    assert outcome.record.protocol == "mswal/1 on kidney+kidney_tumor+kidney_cyst"


def test_without_test_images_one_fold_is_scored_on_what_it_held_out(raw, tmp_path):
    data, work = tmp_path / "data", tmp_path / "work"
    shutil.copytree(raw, data)
    shutil.rmtree(data / "imagesTs")
    shutil.rmtree(data / "labelsTs")
    with pytest.raises(BenchError) as caught:
        run(data, work, "2")
    assert "there is no test image to predict" in str(caught.value)
    assert "--track public-cv" in str(caught.value)
    assert not work.exists()

    outcome = run(data, work, "2", track=Track.PUBLIC_CV)
    cases = [path.name.removesuffix(".nii.gz") for path in (data / "labelsTr").iterdir()]
    (held_out,) = five_folds(cases)[2].validation
    assert outcome.predictions == work / "public-cv" / "quick"
    check_predictions(outcome.predictions, [data / "imagesTr" / f"{held_out}_0000.nii.gz"])
    record = json.loads(outcome.record.read_text())
    assert outcome.record == work / "public-cv-fold-2" / "record.json"
    assert (record["track"], record["folds"], record["cases"]) == ("public-cv", [2], 1)
    assert record["scores"]["track"] == "public-cv of fold 2 alone"
    assert listed(work).folds_done == [2]


def test_a_transfer_keeps_to_the_weights_it_began_with(raw, tmp_path):
    pretrain, work = tmp_path / "pretrain", tmp_path / "work"

    def transferred(fold: int | None = None) -> int:
        outcome = transfer(QuickMethod(), raw, work, pretrain, pretrain_fold=fold, selection="0", device="cpu")
        return outcome.record.start.fold

    run(raw, pretrain, "3")
    assert transferred() == 3
    run(raw, pretrain, "1")
    assert transferred() == 3
    with pytest.raises(Exception, match="belongs to a run with another start"):
        transferred(1)


def test_the_scores_of_runs_merge_into_those_of_all_scored_together(raw, tmp_path):
    class Twin(QuickMethod):
        name = "twin"

    for method in (QuickMethod(), Twin()):
        run_method(method, raw, tmp_path / method.name, device="cpu")
    predictions = [tmp_path / name / "fold-all" / name for name in ("quick", "twin")]
    together = score_folders(predictions, raw / "labelsTs", jobs=1)
    replace(together, track="official-test").save(tmp_path / "together")
    merged = merge_into(tmp_path / "merged", [path.parent for path in predictions])
    assert (list(merged), len(merged.case_ids), merged.problems) == (["quick", "twin"], 2, ())
    for name in ("scores.json", "cases.csv", "lesions.csv"):
        assert (tmp_path / "merged" / name).read_bytes() == (tmp_path / "together" / name).read_bytes()
