"""Keeps what was handed to a queue, `queue.json`, so that nothing is handed over twice."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import not_written, write_text

from .tasks import Task

QUEUE_FILE = "queue.json"
LAUNCH_FOLDER = "launch"
"""Beside the runs, or the submissions, that tasks are parts of: what is kept of the tasks."""
_LOCK_FILE = ".lock-queue"
_PATIENCE_S = 5.0


class HandedTask(BaseModel):
    """A task as it was handed over: enough to find it in the queue, and what it left in files."""

    model_config = ConfigDict(frozen=True)

    of: str
    name: str
    file: str
    """The name of its files, without an ending."""
    asks: str = ""
    """As of `Task`."""

    @property
    def key(self) -> str:
        return f"{self.of}: {self.name}"

    @classmethod
    def made_of(cls, task: Task) -> HandedTask:
        return cls(of=task.of, name=task.name, file=task.file_name, asks=task.asks)


class HandedArray(BaseModel):
    """An array of tasks as it was handed over. A task's place in it is its place in the queue's array."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Its name in the queue, which no other array has."""
    at: datetime
    tasks: tuple[HandedTask, ...]
    job: str | None = None
    """The queue's number; None where the call was ended before it knew it."""


class QueueRecord(BaseModel):
    """All that was ever handed over from a folder, in order."""

    id: str
    """Begins the names of the arrays in the queue."""
    user: int | None = None
    """Whose jobs these are, by number: another user does not see them."""
    arrays: tuple[HandedArray, ...] = ()

    def with_array(self, array: HandedArray) -> QueueRecord:
        """With another array, or with one of that name in its new form."""
        return self._with((*self._others(array), array))

    def without_array(self, array: HandedArray) -> QueueRecord:
        """Without an array, which was not taken."""
        return self._with(self._others(array))

    def _others(self, array: HandedArray) -> tuple[HandedArray, ...]:
        return tuple(each for each in self.arrays if each.name != array.name)

    def _with(self, arrays: tuple[HandedArray, ...]) -> QueueRecord:
        return QueueRecord(id=self.id, user=self.user, arrays=arrays)


def read_queue(folder: Path) -> QueueRecord:
    """What was handed over from the folder; nothing where there is no file. Raises BenchError for a damaged one."""
    path = folder / QUEUE_FILE
    try:
        return QueueRecord.model_validate_json(read_bytes(path))
    except FileNotFoundError:
        return QueueRecord(id=f"mswal-{secrets.token_hex(4)}", user=os.getuid())
    except OSError as error:
        raise BenchError(Problem(f"cannot be read ({error.strerror or error})", str(path))) from error
    except ValidationError as error:
        what, mend = "is not a record of what was handed to a queue", "See what is queued, then move it away."
        raise BenchError(Problem(what, str(path), mend=mend)) from error


def write_queue(folder: Path, record: QueueRecord) -> None:
    """Raises BenchError where it cannot be written: nothing may be handed over that is not kept."""
    try:
        write_text(folder / QUEUE_FILE, record.model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise BenchError(not_written(error, folder / QUEUE_FILE)) from error


@contextmanager
def alone_at(folder: Path) -> Iterator[None]:
    """Holds the folder's queue for this process. Raises BenchError when another holds it for longer than a moment."""
    lock = FileLock(folder / _LOCK_FILE, timeout=_PATIENCE_S)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        what, mend = "another call hands tasks of this folder to a queue", "Wait for it to end."
        raise BenchError(Problem(what, str(folder), mend=mend)) from None
    except OSError as error:
        raise BenchError(not_written(error, folder)) from error
    try:
        yield
    finally:
        lock.release()
