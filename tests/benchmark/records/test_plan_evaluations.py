from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.jobs.attempts import Attempt, Attempts, Outcome, utc_now, write_attempts
from mswal_bench.benchmark.jobs.task_process import log_file
from mswal_bench.benchmark.jobs.tasks import Kind, Task
from mswal_bench.benchmark.records.plan_evaluations import (
    ManyEvaluations,
    evaluation_tasks,
    plan_evaluations,
    record_of,
    was_refused,
)


@pytest.fixture
def asked(tmp_path: Path, submission: Path, labels: Path) -> ManyEvaluations:
    for name in ("of b", "a"):
        shutil.copytree(submission, tmp_path / "inbox" / name)
    folders = (tmp_path / "inbox", labels, tmp_path / "results", tmp_path / "work")
    return ManyEvaluations(*folders, options=("--seed", "3"))


def _end(asked: ManyEvaluations, task: Task, printed: str, outcome: Outcome = Outcome.DONE) -> None:
    attempt = Attempt(job="1", host="h", pid=1, started=utc_now(), inputs=task.inputs)
    write_attempts(asked.folder, task, Attempts(key=task.key).started(attempt).ended(outcome))
    log = log_file(asked.folder, task)
    log.parent.mkdir(exist_ok=True)
    with log.open("a") as file:
        file.write(printed)


def _left(asked: ManyEvaluations) -> list[str]:
    return [task.key for task in plan_evaluations(asked, evaluation_tasks(asked)).tasks]


def test_a_task_a_submission(asked: ManyEvaluations, tmp_path: Path) -> None:
    tasks = evaluation_tasks(asked)
    assert [task.key for task in tasks] == ["evaluate: a", "evaluate: of b"]
    folders = ("--reference", str(tmp_path / "labels"), "--results", str(tmp_path / "results"))
    assert tasks[1].command == ("evaluate", str(tmp_path / "inbox" / "of b"), *folders, "--seed", "3")
    plan = plan_evaluations(asked, tasks)
    assert (plan.folder, plan.tasks) == (tmp_path / "work" / "launch", tasks)
    assert [array.kind for array in plan.arrays] == [Kind.SCORE]
    assert not (tmp_path / "work").exists()


def test_what_has_its_record_is_left_out(asked: ManyEvaluations, tmp_path: Path) -> None:
    record = tmp_path / "results" / "records" / "demo" / "1"
    record.mkdir(parents=True)
    first, second = evaluation_tasks(asked)
    _end(asked, first, f"valid\nrecord: {record}\nrows: there\n")
    _end(asked, second, "not valid: 1 error.\n", Outcome.FAILED)
    assert (record_of(asked, first), record_of(asked, second)) == (record, None)
    assert (was_refused(asked, first), was_refused(asked, second)) == (False, True)
    assert _left(asked) == [second.key]
    _end(asked, second, "error: labels: cannot be read.\n", Outcome.FAILED)
    assert not was_refused(asked, second)
    # Another version of a submission, other labels, and a record that is gone.
    (tmp_path / "inbox" / "a" / "new").touch()
    assert _left(asked) == [first.key, second.key]
    (tmp_path / "inbox" / "a" / "new").unlink()
    assert _left(asked) == [second.key]
    (tmp_path / "labels" / "case_1.nii.gz").touch()
    assert _left(asked) == [first.key, second.key]
    _end(asked, evaluation_tasks(asked)[0], "")
    assert _left(asked) == [second.key]
    record.rmdir()
    assert _left(asked) == [first.key, second.key]


def test_nothing_is_kept_where_it_would_be_published(asked: ManyEvaluations, tmp_path: Path) -> None:
    within = ManyEvaluations(asked.submissions, asked.reference, asked.results, asked.results / "work")
    with pytest.raises(BenchError, match="the work folder lies in the results folder"):
        evaluation_tasks(within)
    one = ManyEvaluations(tmp_path / "inbox" / "a", asked.reference, asked.results, asked.work)
    with pytest.raises(BenchError, match="is a submission itself"):
        evaluation_tasks(one)
