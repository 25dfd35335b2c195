"""Keeps small files that say how far a run is and what failed, for whoever asks from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from time import monotonic

from pydantic import BaseModel, ConfigDict, ValidationError

from mswal_bench.baselines.method import Report
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import write_text

from .run_record import now

_WRITE_EVERY_S = 5.0
_FOLDER = "progress"
_FAILURE = "failure-"


class Progress(BaseModel):
    """The last that was heard of a step."""

    model_config = ConfigDict(frozen=True)

    step: str
    """`prepare`, `train fold 0` to `train fold 4`, `predict`, or of the shares of several folds or devices
    `predict fold 2`, `predict part 1 of 2`, `predict fold 2 part 1 of 2`."""
    goal: str | None = None
    """By the name of its folder, the goal that a prediction is for; None for what serves every goal."""
    done: int = 0
    total: int = 0
    """Iterations of a training, cases of a prediction; 0 before the step has told."""
    note: str = ""
    """In the method's words: `epoch 12/1000, loss 0.412`."""
    at: datetime


class Failure(BaseModel):
    """Why the last call for a goal ended early."""

    model_config = ConfigDict(frozen=True)

    sentence: str
    at: datetime


@contextmanager
def kept_progress(root: Path, step: str, report: Report, goal: str | None = None) -> Iterator[Report]:
    """Gives a `Report` that tells `report` and, every few seconds, a file below the run folder `root`.

    The file goes when the step ends well, and stays when it does not. Each step has its own, a prediction one for each
    goal, so that several calls may work at the same time.
    """
    path = _step_file(root, step, goal)
    last = Progress(step=step, goal=goal, at=now())
    _write(path, last)
    next_at = monotonic() + _WRITE_EVERY_S

    def keep(done: int, total: int, note: str) -> None:
        nonlocal last, next_at
        report(done, total, note)
        last = Progress(step=step, goal=goal, done=done, total=total, note=note, at=now())
        if monotonic() >= next_at:
            _write(path, last)
            next_at = monotonic() + _WRITE_EVERY_S

    try:
        yield keep
    except BaseException:
        _write(path, last)
        raise
    _remove(path)


def forget_progress(root: Path, step: str) -> None:
    """Removes what `kept_progress` has kept of a step that turns out to be done."""
    _remove(_step_file(root, step, None))


def forget_failure(root: Path, goal: str) -> None:
    """To be called when work for the goal goes on; keeps room for its next failure, which may be a full disk."""
    with suppress(OSError):
        write_text(_failure_file(root, goal), "{}\n")


def keep_failure(root: Path, goal: str, sentence: str) -> None:
    """Keeps in the run folder `root` why the work for the goal ended early, until `forget_failure`."""
    failure = Failure(sentence=sentence, at=now())
    # In the place of what is there: on a full disk there is no other. Half of it would read as none.
    with suppress(OSError), _failure_file(root, goal).open("r+", encoding="utf-8") as file:
        file.write(failure.model_dump_json() + "\n")
        file.truncate()


def read_progress(root: Path) -> list[Progress]:
    """Of every step that was begun and did not end well, by name; a damaged file is passed over."""
    found = []
    with suppress(OSError):
        for path in sorted((root / _FOLDER).glob("*.json")):
            if not path.name.startswith(_FAILURE):
                with suppress(OSError, ValidationError):
                    found.append(Progress.model_validate_json(read_bytes(path)))
    return found


def read_failures(root: Path) -> dict[str, Failure]:
    """By goal, why the last call for it ended early; without those that did not, or were stopped or killed."""
    found = {}
    with suppress(OSError):
        for path in sorted((root / _FOLDER).glob(f"{_FAILURE}*.json")):
            with suppress(OSError, ValidationError):
                found[path.stem.removeprefix(_FAILURE)] = Failure.model_validate_json(read_bytes(path))
    return found


def _step_file(root: Path, step: str, goal: str | None) -> Path:
    name = step if goal is None else f"{step} {goal}"
    return root / _FOLDER / f"{name.replace(' ', '-')}.json"


def _failure_file(root: Path, goal: str) -> Path:
    return root / _FOLDER / f"{_FAILURE}{goal}.json"


# Nobody loses a training because one of these files cannot be written: the disk was full for a moment.


def _write(path: Path, content: BaseModel) -> None:
    with suppress(OSError):
        write_text(path, content.model_dump_json() + "\n")


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
