"""Keeps how each attempt at a task went, in a small file of the task. It needs no accounting of the cluster's."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import write_text

from .tasks import Task

_FOLDER = "tasks"


class Outcome(StrEnum):
    """How an attempt ended, as its own process tells."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    """At its time limit or to make room for others, and put back into the queue."""


class Attempt(BaseModel):
    """One attempt at a task. Without an end it is at work, or was killed before it could say a word."""

    model_config = ConfigDict(frozen=True)

    job: str
    """The queue's name for it, `123_4`; of this machine's own queue `local`."""
    host: str
    pid: int
    started: datetime
    ended: datetime | None = None
    outcome: Outcome | None = None
    in_vain: bool = False
    """Of one stopped at its time limit: whether it did not say that it had kept what it had done."""
    sentence: str = ""
    """Of a failed one, why."""
    inputs: str = ""
    """The task's, as they were when it was handed over."""


class Attempts(BaseModel):
    """All attempts at one task, the first one first."""

    key: str
    attempts: tuple[Attempt, ...] = ()

    @property
    def last(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def stops_in_vain(self) -> int:
        """How many of the last attempts were stopped at their time limit, and had not said that anything was kept."""
        count = 0
        for attempt in reversed(self.attempts):
            if not attempt.in_vain:
                break
            count += 1
        return count

    def started(self, attempt: Attempt) -> Attempts:
        return Attempts(key=self.key, attempts=(*self.attempts, attempt))

    def ended(self, outcome: Outcome, *, in_vain: bool = False, sentence: str = "") -> Attempts:
        """With the last attempt ended so."""
        end = {"ended": utc_now(), "outcome": outcome, "in_vain": in_vain, "sentence": sentence}
        return Attempts(key=self.key, attempts=(*self.attempts[:-1], self.attempts[-1].model_copy(update=end)))


def read_attempts(folder: Path, task_file: str, key: str) -> Attempts:
    """Those of a task; none where there is no file, or one that was damaged."""
    with suppress(OSError, ValidationError):
        return Attempts.model_validate_json(read_bytes(folder / _FOLDER / f"{task_file}.json"))
    return Attempts(key=key)


def write_attempts(folder: Path, task: Task, attempts: Attempts) -> None:
    """Keeps them. On a full disk the task's work is not ended for it."""
    with suppress(OSError):
        write_text(folder / _FOLDER / f"{task.file_name}.json", attempts.model_dump_json(indent=2) + "\n")


def utc_now() -> datetime:
    return datetime.now(UTC)
