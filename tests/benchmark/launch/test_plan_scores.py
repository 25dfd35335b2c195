from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.jobs.attempts import Attempt, Attempts, Outcome, utc_now, write_attempts
from mswal_bench.benchmark.jobs.tasks import Kind, Task
from mswal_bench.benchmark.launch.plan_scores import ManyScores, plan_scores

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

NAMES = ("b", "a")


@pytest.fixture
def asked(tmp_path: Path, save_labels: SaveLabels) -> ManyScores:
    for name in ("ref", *NAMES):
        save_labels(tmp_path / name / "case.nii.gz", np.ones((2, 2, 2), np.uint8))
    return ManyScores(tuple(tmp_path / name for name in NAMES), tmp_path / "ref", tmp_path / "out", ("--details",))


def _end(asked: ManyScores, tasks: list[Task], outcome: Outcome = Outcome.DONE) -> None:
    """As if the tasks had been attempted, and had written scores where they were done."""
    for task in tasks:
        attempt = Attempt(job="1", host="h", pid=1, started=utc_now(), inputs=task.inputs)
        write_attempts(asked.folder, task, Attempts(key=task.key).started(attempt).ended(outcome))
        if outcome is Outcome.DONE:
            out = Path(task.command[task.command.index("--out") + 1])
            out.mkdir(parents=True, exist_ok=True)
            names = ["scores.json", "cases.csv", "lesions.csv"]
            names += ["table.txt", "table.md", "table.tex"] if task.of == "table" else []
            for name in names:
                (out / name).write_text(task.inputs)
            (out / "kept").touch()


def _left(asked: ManyScores) -> list[str]:
    return [task.key for task in plan_scores(asked).tasks]


ALL = ["score: b", "score: a", "table: of all methods"]


def test_a_task_a_method_and_one_that_merges(asked: ManyScores, tmp_path: Path) -> None:
    plan = plan_scores(asked)
    assert plan.folder == tmp_path / "out" / "launch"
    assert [(array.name, array.kind) for array in plan.arrays] == [("score", Kind.SCORE), ("table", Kind.TABLE)]
    b, a, merge = plan.tasks
    assert [task.key for task in plan.tasks] == ALL
    out = str(tmp_path / "out" / "methods" / "b")
    reference = ("--reference", str(tmp_path / "ref"))
    assert b.command == ("score", str(tmp_path / "b"), *reference, "--out", out, "--details")
    methods = (out, str(tmp_path / "out" / "methods" / "a"))
    assert merge.command == ("merge", *methods, "--out", str(tmp_path / "out"))
    assert (merge.needs, merge.after) == ((), (b.key, a.key))


def test_paths_of_tasks_are_absolute(asked: ManyScores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = [task.command for task in plan_scores(asked).tasks]
    monkeypatch.chdir(tmp_path)
    here = ManyScores(tuple(map(Path, NAMES)), Path("ref"), Path("out"), asked.options)
    assert [task.command for task in plan_scores(here).tasks] == commands


def test_what_was_done_is_left_out(asked: ManyScores, tmp_path: Path) -> None:
    _end(asked, plan_scores(asked).tasks)
    assert _left(asked) == []
    # In another order it is another table of the same scores.
    turned = ManyScores(asked.predictions[::-1], asked.reference, asked.out, asked.options)
    assert _left(turned) == ["table: of all methods"]
    _end(asked, plan_scores(turned).tasks)
    (tmp_path / "out" / "methods" / "a" / "scores.json").unlink()
    assert _left(turned) == ["score: a", "table: of all methods"]


def test_what_failed_is_done_again_with_the_table(asked: ManyScores) -> None:
    b, a, merge = plan_scores(asked).tasks
    _end(asked, [b, merge])
    _end(asked, [a], Outcome.FAILED)
    assert _left(asked) == [a.key, merge.key]


def test_scores_of_other_files_go(asked: ManyScores, tmp_path: Path) -> None:
    _end(asked, plan_scores(asked).tasks)
    (tmp_path / "b" / "case.nii.gz").write_bytes(b"another")
    assert _left(asked) == ["score: b", "table: of all methods"]
    assert not (tmp_path / "out" / "methods" / "b" / "scores.json").exists()
    assert not (tmp_path / "out" / "scores.json").exists()
    assert (tmp_path / "out" / "methods" / "a" / "scores.json").exists()
    _end(asked, plan_scores(asked).tasks)
    (tmp_path / "ref" / "case.nii.gz").write_bytes(b"another")
    assert _left(asked) == ALL
    _end(asked, plan_scores(asked).tasks)
    assert _left(ManyScores(asked.predictions, asked.reference, asked.out)) == ALL
    left = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file() and path.suffix != ".json"}
    assert left == {"kept"}
    assert list((tmp_path / "out").rglob("scores.json")) == []


def test_folders_that_cannot_be(asked: ManyScores, tmp_path: Path) -> None:
    file = tmp_path / "a" / "case.nii.gz"
    with pytest.raises(BenchError) as error:
        plan_scores(ManyScores((file, tmp_path / "nothing"), tmp_path / "ref", tmp_path / "ref"))
    told = [str(problem) for problem in error.value.problems]
    assert told == [
        f"{tmp_path / 'ref'}: the scores would be written among the label maps. Name another folder with --out.",
        f"{file}: not a folder: expected a folder of label maps, one task each.",
        f"{tmp_path / 'nothing'}: no such folder: expected a folder of label maps, one task each.",
    ]
    (tmp_path / "other").mkdir()
    (tmp_path / "a").rename(tmp_path / "other" / "b")
    with pytest.raises(BenchError, match=r"predictions of one name, 'b', which would be one method"):
        plan_scores(ManyScores((tmp_path / "b", tmp_path / "other" / "b"), tmp_path / "ref", tmp_path / "out"))
    assert not (tmp_path / "out").exists()
