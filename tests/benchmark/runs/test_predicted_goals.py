"""Which predictions a path stands for: those of a run, of one of its goals, or of the folder itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.runs.predicted_goals import folders_of_methods
from mswal_bench.benchmark.scoring.case_folders import MethodFolder
from mswal_bench.tests.benchmark.figures.test_shown_methods import finish

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


@pytest.fixture
def reference(tmp_path: Path, save_labels: SaveLabels) -> Path:
    labels = np.zeros((4, 6, 8), np.uint8)
    labels[1, 1:3, 1:4] = 3
    for case in ("A", "B"):
        save_labels(tmp_path / "labels" / f"{case}.nii.gz", labels)
    return tmp_path / "labels"


def found(reference: Path, *paths: Path) -> tuple[list[MethodFolder], list[Problem], list[str]]:
    problems: list[Problem] = []
    notes: list[str] = []
    return folders_of_methods(paths, reference, problems, notes), problems, notes


def test_a_folder_of_predictions_stands_for_itself(reference: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert found(reference, tmp_path / "mine") == ([MethodFolder(tmp_path / "mine", "mine")], [], [])
    # What is wrong with it is for those to say that score it.
    assert found(reference, tmp_path / "gone")[0] == [MethodFolder(tmp_path / "gone", "gone")]


def test_of_a_run_what_most_folds_predicted_of_most_cases_is_scored(reference: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    finish(work, "fold-0", ["A", "B"], [0])
    finish(work, "fold-1", ["A", "B"], [1])
    finish(work, "public-cv-fold-all", ["X", "Y", "Z"], [0, 1, 2, 3, 4])
    (folder,), problems, (note,) = found(reference, work)
    assert folder == MethodFolder(work / "fold-0" / "mednext", "mednext")
    assert not problems
    assert note == f"{work}: scored is fold-0; there is also fold-1"
    # One that is named is taken.
    assert found(reference, work / "fold-1") == ([MethodFolder(work / "fold-1" / "mednext", "mednext")], [], [])
    finish(work, "fold-all", ["A", "B"], [0, 1, 2, 3, 4])
    assert found(reference, work)[0][0].path == work / "fold-all" / "mednext"


def test_runs_of_one_method_are_told_apart(reference: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        for goal in ("fold-0", "fold-1"):
            finish(tmp_path / name, goal, ["A", "B"], [int(goal[-1])])
    (tmp_path / "mednext").mkdir()
    folders, _, _ = found(reference, tmp_path / "one", tmp_path / "other", tmp_path / "mednext")
    assert [folder.name for folder in folders] == ["mednext (one)", "mednext (other)", "mednext"]
    folders, _, _ = found(reference, tmp_path / "one" / "fold-0", tmp_path / "one" / "fold-1")
    assert [folder.name for folder in folders] == ["mednext (one/fold-0)", "mednext (one/fold-1)"]


def score(reference: Path, *arguments: object) -> Result:
    return CliRunner().invoke(
        main, ["score", *map(str, arguments), "--reference", str(reference), "--jobs", "1", "--format", "json"]
    )


def test_runs_and_goals_are_scored(reference: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    finish(work, "fold-0", [], [0])
    for path in reference.iterdir():
        (work / "fold-0" / "mednext" / path.name).write_bytes(path.read_bytes())
    for path in (work, work / "fold-0", work / "fold-0" / "mednext"):
        result = score(reference, path)
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["methods"]["mednext"]["average"]["dsc"] == 1


def test_a_run_that_is_not_finished_costs_itself(reference: Path, tmp_path: Path) -> None:
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "run.json").write_text("{}")
    result = score(reference, tmp_path / "begun", reference)
    assert result.exit_code == 1
    assert list(json.loads(result.stdout)["methods"]) == ["labels"]
    assert f"{tmp_path / 'begun'}: has no record of a finished run" in result.stderr
    alone = score(reference, tmp_path / "begun")
    assert (alone.exit_code, alone.stdout) == (1, "")


def test_what_else_is_wrong_is_told_with_a_run_that_is_not_finished(reference: Path, tmp_path: Path) -> None:
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "run.json").write_text("{}")
    (tmp_path / "short").mkdir()
    (tmp_path / "short" / "A.nii.gz").write_bytes((reference / "A.nii.gz").read_bytes())
    for other, what in (("short", "no prediction for 1 of 2 cases: B"), ("nope", "no such folder")):
        result = score(reference, tmp_path / "begun", tmp_path / other)
        assert result.exit_code == 1
        assert f"{tmp_path / 'begun'}: has no record of a finished run" in result.stderr
        assert f"{tmp_path / other}: {what}" in result.stderr


def test_a_results_folder_is_no_run(reference: Path, tmp_path: Path) -> None:
    record = tmp_path / "results" / "records" / "demo" / "alpha-1" / "record.json"
    record.parent.mkdir(parents=True)
    record.write_text('{"form": {}, "manifest_digest": ""}')
    for folder in record.parents[:4]:
        result = score(reference, folder)
        assert result.exit_code == 1
        assert f"{folder}: is a results folder of evaluated submissions" in result.stderr
        assert "Move it away" not in result.stderr


def test_a_run_without_the_cases_is_told_where_it_looked(reference: Path, tmp_path: Path) -> None:
    finish(tmp_path / "work", "fold-0", ["A"], [0])
    result = score(reference, tmp_path / "work")
    assert result.exit_code == 1
    assert f"{tmp_path / 'work' / 'fold-0' / 'mednext'}: no prediction for 1 of 2 cases: B." in result.stderr
