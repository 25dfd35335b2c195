"""Gives a process a folder of its own for a while, and removes what killed processes left of theirs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import BenchError, Problem

# Hidden, so that no listing of a folder takes it for something.
_PREFIX = ".mswal-bench-"
_LOCK, _INSIDE = "lock", "files"


@contextmanager
def scratch_folder(parent: Path, *, private: bool = False) -> Iterator[Path]:
    """Makes an empty folder in `parent` that only its owner can enter, and removes it at the end.

    Folders on the way to it that were not there go with it, unless something else came into them; with `private` they
    are for their owner alone too. A killed process removes nothing: what it left in `parent` is removed by the next
    that asks for a folder there. Raises BenchError where none can be made.
    """
    made = _missing(parent)
    mode = 0o700 if private else 0o777
    _remove_abandoned(parent)
    with ExitStack() as stack:
        try:
            place = _locked_folder(parent, mode, stack)
            inside = place / _INSIDE
            inside.mkdir()
        except OSError as error:
            raise BenchError(Problem(f"cannot be written ({error.strerror or error})", str(parent))) from error
        try:
            yield inside
        finally:
            _remove(place)
            with suppress(OSError):
                for folder in made:
                    folder.rmdir()


def _missing(folder: Path) -> list[Path]:
    """The folder and those that it lies in, as far as they are not there, the innermost first."""
    return [each for each in (folder, *folder.parents) if not each.exists()]


def _locked_folder(parent: Path, mode: int, stack: ExitStack) -> Path:
    """A new folder whose lock this process holds, by which others see that it is alive."""
    while True:
        # Until the lock is held, another process may remove the folder as abandoned, or as its own an empty one on the
        # way to it.
        with suppress(Timeout, FileNotFoundError):
            for folder in reversed(_missing(parent)):
                folder.mkdir(mode, exist_ok=True)
            place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            stack.enter_context(FileLock(place / _LOCK, timeout=0))
            if (place / _LOCK).exists():
                return place


def _remove_abandoned(parent: Path) -> None:
    for lock in parent.glob(f"{_PREFIX}*/{_LOCK}"):
        # Of a living process; or of another user, in a folder that all may write to.
        with suppress(Timeout, OSError), FileLock(lock, timeout=0):
            _remove(lock.parent)


def _remove(place: Path) -> None:
    # The lock last: without it nobody would find what is left after a kill.
    shutil.rmtree(place / _INSIDE, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)
