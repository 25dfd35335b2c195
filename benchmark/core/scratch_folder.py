"""Gives a process a folder of its own for a while, and removes what killed processes left of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from .claims import beside, claim, remove_abandoned
from .errors import BenchError
from .whole_files import not_written


@contextmanager
def scratch_folder(parent: Path, *, private: bool = False, own_parent: bool = False) -> Iterator[Path]:
    """Makes an empty folder in `parent` that only its owner can enter, and removes it at the end.

    Folders on the way to it that were not there go with it, unless something else came into them; with `private` they
    are for their owner alone too. With `own_parent` so does `parent` that was there: a killed process may have made it.
    A killed process removes nothing: what it left in `parent` is removed by the next that asks for a folder there.
    Raises BenchError where none can be made.
    """
    made = _missing(parent)
    if own_parent and not made:
        made = [parent]
    remove_abandoned(parent)
    with ExitStack() as stack:
        try:
            inside = _claimed_folder(parent, 0o700 if private else 0o777, stack)
        except OSError as error:
            _remove_empty(made)
            raise BenchError(not_written(error, parent)) from error
        try:
            yield inside
        finally:
            # The claim first, for it lies in them.
            stack.close()
            _remove_empty(made)


def _missing(folder: Path) -> list[Path]:
    """The folder and those that it lies in, as far as they are not there, the innermost first."""
    return [each for each in (folder, *folder.parents) if not each.exists()]


def _claimed_folder(parent: Path, mode: int, stack: ExitStack) -> Path:
    while True:
        # Another process may remove, as its own, an empty folder on the way to it.
        with suppress(FileNotFoundError):
            for folder in reversed(_missing(parent)):
                folder.mkdir(mode, exist_ok=True)
            inside = beside(stack.enter_context(claim(parent)))
            inside.mkdir(0o700)
            return inside


def _remove_empty(folders: list[Path]) -> None:
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()
