"""Tells how the tasks are that were handed over from a folder: by what the queue says, and by their own files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from .attempts import Attempt, Outcome, read_attempts
from .queue_record import HandedArray, HandedTask, QueueRecord, read_queue
from .slurm import SlurmJobState
from .slurm_queue import jobs_of

_REASONS = {
    "Dependency": "waits for other tasks",
    "DependencyNeverSatisfied": "waits for a task that failed",
    "Resources": "waits for a free node",
    "Priority": "waits behind other jobs",
    "JobArrayTaskLimit": "as many run as may at once",
    "BeginTime": "queued again, begins soon",
    "ReqNodeNotAvail": "waits for nodes that are not available",
}
_ENDS = {
    "TIMEOUT": "SLURM ended it at its time limit.",
    "OUT_OF_MEMORY": "SLURM ended it, for it took more memory than was asked for.",
    "NODE_FAIL": "Its node failed.",
    "PREEMPTED": "It was ended to make room for another job.",
}
_NO_WORD = "It ended without a word: killed, or its node was lost."
_NOT_BEGUN = "It was not begun: a task that it needs failed, or it was cancelled."


class TaskState(StrEnum):
    """How a task is now."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LEFT_OUT = "left out"
    """It was taken out of the queue before it began: a task that it needs failed."""
    CANCELLED = "cancelled"
    """By someone, with `launch --cancel` or scancel."""
    UNKNOWN = "not known"
    """The queue does not answer, and the task has not said how it ended."""


class QueuedTask(BaseModel):
    """A task that was handed over."""

    model_config = ConfigDict(frozen=True)

    of: str
    """The run's folder, or the submission."""
    name: str
    state: TaskState
    why: str = ""
    """Of a pending task what it waits for, of a failed one the sentence."""
    job: str | None = None
    """The queue's number."""
    nodes: str = ""
    since: datetime | None = None
    """When it began to run; None of one that does not run."""
    requeued: int = 0
    """How often it was queued again."""

    def __str__(self) -> str:
        words = str(self.state)
        if self.nodes and self.state is TaskState.RUNNING:
            words += f" on {self.nodes}"
        if self.since is not None:
            words += f" since {self.since:%F %T} UTC"
        if self.why and self.state is TaskState.PENDING:
            words += f" ({self.why})"
        if self.requeued:
            words += ", queued again " + ("once" if self.requeued == 1 else f"{self.requeued} times")
        return words


def queued_tasks(folder: Path, jobs: Iterable[SlurmJobState] | None) -> list[QueuedTask]:
    """The tasks that were handed over from the folder, each as it was last, in order. `jobs` are all that the queue
    knows of; None where it does not answer.

    Raises BenchError for a damaged record.
    """
    record = read_queue(folder)
    known = jobs_of(record, jobs or ())
    tasks = [
        _queued_task(folder, array, index, task, known.get(task.key))
        for array, index, task in _last_handed(record).values()
    ]
    return tasks if jobs is not None else [_without_queue(task) for task in tasks]


def _last_handed(record: QueueRecord) -> Mapping[str, tuple[HandedArray, int, HandedTask]]:
    return {task.key: (array, index, task) for array in record.arrays for index, task in enumerate(array.tasks)}


def _queued_task(
    folder: Path, array: HandedArray, index: int, task: HandedTask, job: SlurmJobState | None
) -> QueuedTask:
    if job is not None and not job.is_over:
        return _in_queue(task, job)
    number = None if array.job is None else f"{array.job}_{index}" if len(array.tasks) > 1 else array.job
    # Those of an earlier job say nothing of this one. Where its number was not kept the time has to do.
    attempts = [
        attempt
        for attempt in read_attempts(folder, task.file, task.key).attempts
        if (attempt.job == number if number is not None else attempt.started >= array.at)
    ]
    last = attempts[-1] if attempts else None
    requeued = max(0, len(attempts) - 1)
    state, why = _over(last, job)
    return QueuedTask(of=task.of, name=task.name, state=state, why=why, job=number, requeued=requeued)


def _in_queue(task: HandedTask, job: SlurmJobState) -> QueuedTask:
    pending = job.state == "PENDING"
    reason = _REASONS.get(job.reason, job.reason)
    return QueuedTask(
        of=task.of,
        name=task.name,
        state=TaskState.PENDING if pending else TaskState.RUNNING,
        why=reason if pending else "",
        job=job.id,
        nodes=job.nodes,
        since=None if pending or job.since is None else job.since.astimezone(UTC),
        requeued=job.restarts,
    )


def _without_queue(task: QueuedTask) -> QueuedTask:
    """What is left of it where the queue is not there to be asked."""
    if task.why not in (_NO_WORD, _NOT_BEGUN):
        return task
    return task.model_copy(update={"state": TaskState.UNKNOWN, "why": ""})


def _over(last: Attempt | None, job: SlurmJobState | None) -> tuple[TaskState, str]:
    if last is not None and last.outcome is Outcome.DONE:
        return TaskState.DONE, ""
    if last is not None and last.outcome is Outcome.FAILED:
        return TaskState.FAILED, last.sentence
    if last is None and job is None:
        return TaskState.LEFT_OUT, _NOT_BEGUN
    if last is None and job is not None and job.state == "CANCELLED" and job.reason.startswith("Depend"):
        return TaskState.LEFT_OUT, "A task that it needs failed."
    if job is not None and job.state == "CANCELLED":
        return TaskState.CANCELLED, ""
    return TaskState.FAILED, _NO_WORD if job is None else _ENDS.get(job.state, _NO_WORD)
