from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.environment import describe_environment
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.benchmark.data.phantom.dataset_writer import write_phantom
from mswal_bench.benchmark.figures.case_reference import case_reference
from mswal_bench.benchmark.figures.shown_methods import ShownMethod, shown_methods
from mswal_bench.benchmark.runs.resources import Resources
from mswal_bench.benchmark.runs.run_record import RunIdentity, RunRecord, Step, now

ENVIRONMENT = describe_environment()
STEP = Step(started_at=now(), environment=ENVIRONMENT.key, resources=Resources(wall_s=1))


def finish(work: Path, goal: str, cases: list[str], folds: list[int], split_digest: str = "s") -> None:
    """A goal of a run, with empty files for its predictions."""
    track = "public-cv" if goal.startswith("public-cv") else "official-test"
    identity = RunIdentity(
        method="mednext", budget="demo", seed=0, dataset="Toy", split_digest=split_digest, files_digest="f",
        settings_digest="t",
    )  # fmt: skip
    record = RunRecord(
        created_at=now(), identity=identity, title="MedNeXt", publication="p", settings={}, card={}, parameters=1,
        track=track, folds=folds, epochs=1, environments={ENVIRONMENT.key: ENVIRONMENT}, prepared=STEP, training={},
        resumed_from_epochs={}, predicted=STEP, cases=1, scores=None,
    )  # fmt: skip
    (work / goal).mkdir(parents=True)
    (work / goal / "record.json").write_text(record.model_dump_json())
    (work / "run.json").write_text("{}")
    predictions = work / ("public-cv" if track == "public-cv" else goal) / "mednext"
    predictions.mkdir(parents=True, exist_ok=True)
    for case in cases:
        (predictions / f"{case}.nii.gz").touch()


def found(*runs: Path, case: str = "A") -> tuple[tuple[ShownMethod, ...], list[Problem], list[str]]:
    problems: list[Problem] = []
    notes: list[str] = []
    return shown_methods(runs, case, problems, notes), problems, notes


def test_folders_of_predictions_bear_the_names_of_methods_that_are_known(tmp_path: Path) -> None:
    for name in ("swin-unetr", "mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "A.mha").touch()
    methods, problems, notes = found(tmp_path / "swin-unetr", tmp_path / "mine")
    assert [(method.title, method.prediction.name) for method in methods] == [
        ("Swin UNETR", "A.mha"),
        ("mine", "A.mha"),
    ]
    assert not problems
    assert not notes


def test_of_a_run_what_most_folds_predicted_is_taken(tmp_path: Path) -> None:
    work = tmp_path / "work"
    finish(work, "fold-0", ["A"], [0])
    finish(work, "fold-all", ["A"], [0, 1, 2, 3, 4])
    finish(work, "fold-1", ["A"], [1])
    (method,), problems, notes = found(work)
    assert not problems
    assert method.prediction == work / "fold-all" / "mednext" / "A.nii.gz"
    assert method.title == "MedNeXt"
    (note,) = notes
    assert "fold-all" in note
    assert "fold-0, fold-1" in note
    # One that is named is taken, and nothing is to be said.
    (method,), problems, notes = found(work / "fold-1")
    assert method.prediction == work / "fold-1" / "mednext" / "A.nii.gz"
    assert not notes


def test_a_case_that_was_held_out_is_found_among_the_others(tmp_path: Path) -> None:
    work = tmp_path / "work"
    finish(work, "fold-all", ["TEST"], [0, 1, 2, 3, 4])
    finish(work, "public-cv-fold-2", ["A"], [2])
    finish(work, "public-cv-fold-all", ["A", "B"], [0, 1, 2, 3, 4])
    for run in (work, work / "public-cv-fold-2"):
        (method,), problems, notes = found(run)
        assert method.prediction == work / "public-cv" / "mednext" / "A.nii.gz"
        # Of both goals it is the same file.
        assert not notes
        assert not problems


def test_methods_of_one_name_are_told_apart_or_refused(tmp_path: Path) -> None:
    for name in ("one", "other"):
        finish(tmp_path / name, "fold-0", ["A"], [0])
    methods, problems, _ = found(tmp_path / "one", tmp_path / "other")
    assert [method.title for method in methods] == ["MedNeXt (one)", "MedNeXt (other)"]
    assert not problems
    _, problems, _ = found(tmp_path / "one", tmp_path / "one")
    assert "'MedNeXt (one)'" in str(problems)


def test_everything_that_is_missing_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    for name in ("begun", "damaged", "twice"):
        (tmp_path / name / "fold-0").mkdir(parents=True)
    (tmp_path / "begun" / "run.json").write_text("{}")
    (tmp_path / "damaged" / "fold-0" / "record.json").write_text("{")
    for suffix in (".nii", ".nii.gz"):
        (tmp_path / "twice" / f"A{suffix}").touch()
    finish(tmp_path / "run", "fold-0", ["B"], [0])
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "B.nii.gz").touch()
    names = ["gone", "file", "empty", "begun", "damaged", "twice", "run", "others"]
    methods, problems, _ = found(*(tmp_path / name for name in names))
    assert methods == ()
    said = [
        "no such folder", "not a folder", "no prediction of the case A", "no record of a finished run", "is no record",
        "two files for one case", "the run has no prediction of the case A", "no prediction of the case A",
    ]  # fmt: skip
    for problem, name, what in zip(problems, names, said, strict=True):
        assert name in problem.where
        assert what in problem.what
    assert problems[-1].found == "B"
    assert problems[-2].found == "fold-0"


def test_the_data_set_of_a_run_is_where_nnunet_reads_it(tmp_path: Path) -> None:
    write_phantom(tmp_path / "raw", train=1, test=1, size="tiny", seed=0, jobs=1, progress=False)
    finish(tmp_path / "work", "fold-0", ["PHANTOM_0485"], [0])
    methods, _, _ = found(tmp_path / "work", case="PHANTOM_0485")
    with pytest.raises(BenchError, match=r"nothing says which data set.*--data"):
        case_reference("PHANTOM_0485", None, None, methods)
    link = tmp_path / "work" / "nnunet" / "raw" / "Dataset001_Bench"
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "raw", target_is_directory=True)
    with pytest.raises(BenchError, match="of another data set"):
        case_reference("PHANTOM_0485", None, None, methods)
    digest = open_dataset(tmp_path / "raw").split.digest
    shutil.rmtree(tmp_path / "work" / "fold-0")
    finish(tmp_path / "work", "fold-0", ["PHANTOM_0485"], [0], digest)
    methods, _, _ = found(tmp_path / "work", case="PHANTOM_0485")
    reference = case_reference("PHANTOM_0485", None, None, methods)
    assert reference.label == tmp_path / "raw" / "labelsTs" / "PHANTOM_0485.nii.gz"
    assert reference.image is not None
    assert reference.protocol.id == "mswal/1"


def test_the_folder_below_that_was_meant_is_named(tmp_path: Path) -> None:
    """And none of images."""
    for name in ("preds/mine/A.nii.gz", "preds/imagesTr/A_0000.nii.gz", "preds/scans/A_0000.nii.gz"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    _, (problem,), _ = found(tmp_path / "preds")
    assert problem.mend == f"Did you mean {tmp_path / 'preds' / 'mine'}?"
