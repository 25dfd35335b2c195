from __future__ import annotations

from pathlib import Path

import pytest

from mswal_bench.benchmark.jobs.attempts import utc_now
from mswal_bench.benchmark.jobs.queue_record import HandedArray, HandedTask, QueueRecord, write_queue
from mswal_bench.benchmark.jobs.queued_tasks import QueuedTask, TaskState
from mswal_bench.benchmark.jobs.slurm import SlurmJobState
from mswal_bench.benchmark.jobs.tasks import EVALUATE, SCORE, TABLE, Task
from mswal_bench.benchmark.runs import run_listing
from mswal_bench.benchmark.runs.run_listing import RunListing, list_runs
from mswal_bench.benchmark.runs.run_listing_table import runs_table


def _lines(*tasks: QueuedTask) -> list[str]:
    return runs_table(RunListing([], list(tasks), []), Path("work")).splitlines()


def _task(name: object, state: TaskState, why: str = "", nodes: str = "") -> QueuedTask:
    return QueuedTask(of=EVALUATE, name=str(name), state=state, why=why, nodes=nodes)


def test_tasks_of_no_run_are_told_without_any_run() -> None:
    assert _lines() == []
    table = QueuedTask(of=TABLE, name="of all methods", state=TaskState.PENDING, why="waits for other tasks")
    told = _lines(_task("a.zip", TaskState.DONE), _task("b", TaskState.FAILED, "It was cancelled."), table)
    assert told == [
        "evaluate a.zip: done",
        "evaluate b: failed: It was cancelled.",
        "table of all methods: pending (waits for other tasks)",
    ]


def test_of_many_that_are_done_or_wait_the_number() -> None:
    done = [_task(number, TaskState.DONE) for number in range(6)]
    waiting = [_task(number, TaskState.PENDING, "waits for a free node") for number in range(6, 206)]
    lost = [_task(number, TaskState.FAILED, "It was cancelled.") for number in range(206, 212)]
    running = [_task(212, TaskState.RUNNING, nodes="n1")]
    assert _lines(*done, *running, *lost, *waiting) == [
        "evaluate: 6 done",
        "evaluate 212: running on n1",
        *(f"evaluate {number}: failed: It was cancelled." for number in range(206, 212)),
        "evaluate: 200 pending (waits for a free node)",
    ]
    assert len(_lines(*done[:5])) == 5


def test_scores_that_were_handed_over_are_no_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = tuple(HandedTask.made_of(Task(SCORE, name, ())) for name in ("mednext", "my net"))
    array = HandedArray(name="x-0-score", at=utc_now(), tasks=tasks, job="7")
    write_queue(tmp_path / "launch", QueueRecord(id="x", arrays=(array,)))
    job = SlurmJobState(
        job="7", index=1, name="x-0-score", state="RUNNING", reason="", nodes="n1", since=None, restarts=0
    )
    monkeypatch.setattr(run_listing, "slurm_jobs", lambda: [job])
    found = list_runs(tmp_path)
    assert (found.runs, found.problems) == ([], [])
    assert [(task.name, task.state) for task in found.others] == [
        ("mednext", TaskState.LEFT_OUT),
        ("my net", TaskState.RUNNING),
    ]
    assert runs_table(found, tmp_path).splitlines()[1] == "score my net: running on n1"
