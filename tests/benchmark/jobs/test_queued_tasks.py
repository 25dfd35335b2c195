"""How each task is, by what the queue says and by its own file."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mswal_bench.benchmark.jobs.attempts import Attempt, Attempts, Outcome, utc_now, write_attempts
from mswal_bench.benchmark.jobs.queue_record import HandedArray, HandedTask, QueueRecord, write_queue
from mswal_bench.benchmark.jobs.queued_tasks import QueuedTask, TaskState, queued_tasks
from mswal_bench.benchmark.jobs.slurm import SlurmJobState
from mswal_bench.benchmark.jobs.tasks import Task

TASK = Task("m", "train fold 1", ())
HANDED_AT = utc_now()
KILLED = "It ended without a word: killed, or its node was lost."


def hand_over(folder, job="12"):
    """An array of two, of which the second is looked at."""
    tasks = tuple(HandedTask.made_of(task) for task in (Task("m", "train fold 0", ()), TASK))
    array = HandedArray(name="mswal-1-train", at=HANDED_AT, tasks=tasks, job=job)
    write_queue(folder, QueueRecord(id="mswal-1", arrays=(array,)))


def attempt(outcome: Outcome | None = None, sentence: str = "", job: str = "12_1") -> Attempt:
    # The clock of a node may be behind.
    started = HANDED_AT - timedelta(seconds=5)
    ended = None if outcome is None else started + timedelta(seconds=1)
    return Attempt(job=job, host="n", pid=1, started=started, ended=ended, outcome=outcome, sentence=sentence)


def job(state: str, reason: str = "", **more: Any) -> SlurmJobState:
    known: dict[str, Any] = {
        "job": "12",
        "index": 1,
        "name": "mswal-1-train",
        "nodes": "",
        "since": None,
        "restarts": 0,
    } | more
    return SlurmJobState(state=state, reason=reason, **known)


def told(folder, jobs, *attempts):
    hand_over(folder)
    write_attempts(folder, TASK, Attempts(key=TASK.key, attempts=attempts))
    _, found = queued_tasks(folder, jobs)
    assert (found.of, found.name, found.job) == ("m", "train fold 1", "12_1")
    return found


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("Dependency", "pending (waits for other tasks)"),
        ("DependencyNeverSatisfied", "pending (waits for a task that failed)"),
        ("JobArrayTaskLimit", "pending (as many run as may at once)"),
        ("Licenses", "pending (Licenses)"),
        ("", "pending"),
    ],
)
def test_pending_and_why(tmp_path, reason, text):
    assert str(told(tmp_path, [job("PENDING", reason)])) == text


@pytest.mark.parametrize("state", ["RUNNING", "COMPLETING", "CONFIGURING"])
def test_running_where_and_since_when(tmp_path, state):
    since = datetime(2026, 3, 1, 10, tzinfo=UTC)
    # A time of squeue's is that of the cluster, and has no zone.
    local = since.astimezone().replace(tzinfo=None)
    found = told(tmp_path, [job(state, nodes="node3", since=local, restarts=2)], attempt(Outcome.STOPPED), attempt())
    assert found.state is TaskState.RUNNING
    assert str(found) == "running on node3 since 2026-03-01 10:00:00 UTC, queued again 2 times"


def test_queued_again_it_is_pending(tmp_path):
    found = told(tmp_path, [job("PENDING", "BeginTime", restarts=1)], attempt(Outcome.STOPPED))
    assert str(found) == "pending (queued again, begins soon), queued again once"


@pytest.mark.parametrize("jobs", [[], None, [job("COMPLETED")], [job("FAILED")]])
def test_what_the_task_says_of_its_end_counts(tmp_path, jobs):
    assert told(tmp_path, jobs, attempt(Outcome.DONE)).state is TaskState.DONE
    failed = told(tmp_path, jobs, attempt(Outcome.STOPPED), attempt(Outcome.FAILED, "No luck."))
    assert (failed.state, failed.why, failed.requeued) == (TaskState.FAILED, "No luck.", 1)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("TIMEOUT", "SLURM ended it at its time limit."),
        ("OUT_OF_MEMORY", "SLURM ended it, for it took more memory than was asked for."),
        ("NODE_FAIL", "Its node failed."),
        ("PREEMPTED", "It was ended to make room for another job."),
        ("FAILED", KILLED),
    ],
)
def test_what_was_ended_without_a_word_of_its_own(tmp_path, state, sentence):
    found = told(tmp_path, [job(state)], attempt())
    assert (found.state, found.why) == (TaskState.FAILED, sentence)


def test_cancelled_by_someone(tmp_path):
    found = told(tmp_path, [job("CANCELLED")], attempt())
    assert (str(found), found.why) == ("cancelled", "")


def test_what_slurm_has_forgotten(tmp_path):
    found = told(tmp_path, [], attempt())
    assert (found.state, found.why) == (TaskState.FAILED, KILLED)
    never = told(tmp_path, [])
    assert (never.state, never.why) == (
        TaskState.LEFT_OUT,
        "It was not begun: a task that it needs failed, or it was cancelled.",
    )


def test_a_task_that_needs_one_that_failed_is_left_out(tmp_path):
    found = told(tmp_path, [job("CANCELLED", "DependencyNeverSatisfied")])
    assert (found.state, found.why) == (TaskState.LEFT_OUT, "A task that it needs failed.")


@pytest.mark.parametrize("attempts", [(), (attempt(),), (attempt(Outcome.STOPPED),)])
def test_where_the_queue_does_not_answer_nothing_is_said_to_have_failed(tmp_path, attempts):
    found = told(tmp_path, None, *attempts)
    assert (str(found), found.why) == ("not known", "")


def test_attempts_of_an_earlier_job_say_nothing_of_this_one(tmp_path):
    found = told(tmp_path, [job("PENDING", "Priority")], attempt(Outcome.FAILED, "Old.", job="7_1"))
    assert str(found) == "pending (waits behind other jobs)"
    assert told(tmp_path, [], attempt(Outcome.FAILED, "Old.", job="7_1")).state is TaskState.LEFT_OUT


def test_a_job_is_found_by_its_name_where_its_number_was_not_kept(tmp_path):
    hand_over(tmp_path, job=None)
    tasks = queued_tasks(tmp_path, [job("RUNNING"), job("RUNNING", name="another", job="13")])
    assert [task.state for task in tasks] == [TaskState.LEFT_OUT, TaskState.RUNNING]
    assert [task.job for task in tasks] == [None, "12_1"]


def test_handed_over_again_it_is_as_it_was_last(tmp_path):
    hand_over(tmp_path)
    again = HandedArray(name="mswal-1-again", at=utc_now(), tasks=(HandedTask.made_of(TASK),), job="20")
    arrays = (HandedArray(name="mswal-1-train", at=HANDED_AT, tasks=(HandedTask.made_of(TASK),), job="12"), again)
    write_queue(tmp_path, QueueRecord(id="mswal-1", arrays=arrays))
    jobs = [job("FAILED", index=0), job("PENDING", job="20", index=None, name="mswal-1-again")]
    assert queued_tasks(tmp_path, jobs) == [QueuedTask(of="m", name="train fold 1", state=TaskState.PENDING, job="20")]


def test_nothing_handed_over(tmp_path):
    assert queued_tasks(tmp_path, []) == []
