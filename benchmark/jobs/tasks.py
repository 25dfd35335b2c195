"""Defines tasks, each a command of mswal-bench, and the arrays that a plan puts them into."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

TABLE = "table"
"""What a task is of that makes one table of many methods."""
SCORE = "score"
"""What the tasks are of that score folders of predictions, one each."""
EVALUATE = "evaluate"
"""What the tasks are of that evaluate submissions, one each."""
DATA = "data"
"""What a task is of that reads the data set, for all runs."""
NO_RUNS = frozenset((TABLE, SCORE, EVALUATE, DATA))
"""No run that tasks are parts of has such a name."""
# Of a file's name that tells people which task it is of, and may not be the only one to say so.
_LONGEST = 100


class Kind(StrEnum):
    """What a task is like for whoever shares out machines. Each kind has settings of its own in `cluster.yaml`."""

    CHECK = "check"
    PREPARE = "prepare"
    TRAIN = "train"
    PREDICT = "predict"
    SCORE = "score"
    TABLE = "table"

    @property
    def uses_gpu(self) -> bool:
        return self in (Kind.TRAIN, Kind.PREDICT)


@dataclass(frozen=True)
class Task:
    """One command, which does nothing again that is done, so that it can be tried again at any time."""

    of: str
    """What it is a part of, for people: the name of a run's folder, or one of `NO_RUNS`."""
    name: str
    """For people: `train fold 2`, or the name of a method or a submission. With `of` it is unique in a plan."""
    command: tuple[str, ...]
    """The arguments of `mswal-bench`."""
    needs: tuple[str, ...] = ()
    """The keys of tasks that must be done before."""
    after: tuple[str, ...] = ()
    """The keys of tasks that must be over before, done or failed."""
    inputs: str = ""
    """A digest of what its work depends on; empty where the files that it writes tell whether it is done."""
    asks: str = ""
    """What was asked for, in words, of all that it is a part of: of what is queued it must be the same."""

    @property
    def key(self) -> str:
        """Names the task in its plan."""
        return f"{self.of}: {self.name}"

    @property
    def file_name(self) -> str:
        """Of its files, without an ending; of no other task's."""
        plain = re.sub(r"[^\w.+-]", "-", self.key.replace(": ", "--"), flags=re.ASCII)
        if self.of not in (SCORE, EVALUATE):
            return plain
        # A user's names, which may be long, and differ in a space or an accent alone.
        return f"{plain[:_LONGEST]}-{hashlib.sha256(self.key.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class TaskArray:
    """Tasks that ask for the same of a machine and are handed over together."""

    name: str
    kind: Kind
    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class TaskPlan:
    """What is left to do, in an order in which no task comes before one that it waits for."""

    folder: Path
    """Where it is kept what becomes of the tasks."""
    arrays: tuple[TaskArray, ...]

    @property
    def tasks(self) -> list[Task]:
        return [task for array in self.arrays for task in array.tasks]

    def without(self, keys: Sequence[str] | set[str]) -> TaskPlan:
        """The plan less the tasks of these keys, and less the arrays that are then empty."""

        def left() -> Iterator[TaskArray]:
            for array in self.arrays:
                tasks = tuple(task for task in array.tasks if task.key not in keys)
                if tasks:
                    yield TaskArray(array.name, array.kind, tasks)

        return TaskPlan(self.folder, tuple(left()))
