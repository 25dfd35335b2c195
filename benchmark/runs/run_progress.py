"""How far a run is, for whoever asks from outside: small files on the steps that were begun, and on what ended it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from time import monotonic

from pydantic import BaseModel, ConfigDict, ValidationError

from ...baselines.method import Report
from ..files import write_text
from .run_record import now

_WRITE_EVERY_S = 5.0
_FOLDER = "progress"
_FAILURE = "failure.json"


class Progress(BaseModel):
    """The last that was heard of a step."""

    model_config = ConfigDict(frozen=True)

    step: str
    """`prepare`, `train fold 0` to `train fold 4`, `predict` or `score`."""
    done: int = 0
    total: int = 0
    """Iterations of a training, cases of a prediction; 0 before the step has told."""
    note: str = ""
    """In the method's words: `epoch 12/1000, loss 0.412`."""
    at: datetime


class Failure(BaseModel):
    """Why the last call of a run ended early."""

    model_config = ConfigDict(frozen=True)

    sentence: str
    at: datetime


@contextmanager
def kept_progress(root: Path, step: str, report: Report) -> Iterator[Report]:
    """Gives a `Report` that tells `report` and, every few seconds, a file below the run folder `root`.

    The file goes when the step ends well, and stays when it does not. Each step has its own, so that folds may train at
    the same time.
    """
    path = root / _FOLDER / f"{step.replace(' ', '-')}.json"
    last = Progress(step=step, at=now())
    _write(path, last)
    next_at = monotonic() + _WRITE_EVERY_S

    def keep(done: int, total: int, note: str) -> None:
        nonlocal last, next_at
        report(done, total, note)
        last = Progress(step=step, done=done, total=total, note=note, at=now())
        if monotonic() >= next_at:
            _write(path, last)
            next_at = monotonic() + _WRITE_EVERY_S

    try:
        yield keep
    except BaseException:
        _write(path, last)
        raise
    _remove(path)


def forget_failure(root: Path) -> None:
    """To be called when the run goes on; keeps room for its next failure, which may be a full disk."""
    with suppress(OSError):
        write_text(root / _FOLDER / _FAILURE, "{}\n")


def keep_failure(root: Path, sentence: str) -> None:
    """Keeps in the run folder `root` why the run ended early, until `forget_failure`."""
    failure = Failure(sentence=sentence, at=now())
    # In the place of what is there: on a full disk there is no other. Half of it would read as none.
    with suppress(OSError), (root / _FOLDER / _FAILURE).open("r+", encoding="utf-8") as file:
        file.write(failure.model_dump_json() + "\n")
        file.truncate()


def read_progress(root: Path) -> list[Progress]:
    """Of every step that was begun and did not end well, by name; a damaged file is passed over."""
    found = []
    with suppress(OSError):
        for path in sorted((root / _FOLDER).glob("*.json")):
            if path.name != _FAILURE:
                with suppress(OSError, ValidationError):
                    found.append(Progress.model_validate_json(path.read_bytes()))
    return found


def read_failure(root: Path) -> Failure | None:
    """Why the last call ended early; None when it did not, or was stopped or killed."""
    with suppress(OSError, ValidationError):
        return Failure.model_validate_json((root / _FOLDER / _FAILURE).read_bytes())
    return None


# Nobody loses a training because one of these files cannot be written: the disk was full for a moment.


def _write(path: Path, content: BaseModel) -> None:
    with suppress(OSError):
        write_text(path, content.model_dump_json() + "\n")


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
