"""Writes files whole or not at all, and refuses paths that SimpleITK cannot open."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mswal_bench.benchmark.tables.escaping import is_unicode

from .claims import claim, is_claim
from .errors import Problem, raise_if_any

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Writers recognise a format by the last suffixes; a name with many dots has more than a name has room for.
_MOST_SUFFIXES = 2


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`, with the same last suffixes; at the end it replaces `path` in one step.

    A reader sees the old file or the new one, even after a crash. After an exception nothing is left behind, and what
    a killed process left is removed by the next that writes to the folder. Missing folders are made. Raises OSError,
    which names `path`, when the file cannot be written.
    """
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with claim(path.parent, "".join(path.suffixes[-_MOST_SUFFIXES:])) as temporary:
            yield temporary
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(path)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Has errors of writing name `path`: on a full disk, whatever they name, and else where they name its claim."""
    try:
        yield
    except OSError as error:
        name = outside = None if error.filename is None else os.fsdecode(error.filename)
        if name is not None:
            parts = Path(name).parts
            claimed = next((number for number, part in enumerate(parts) if is_claim(part)), None)
            outside = name if claimed is None else str(path.joinpath(*parts[claimed + 1 :]))
        # Of a copy that has no room, Python names the source first.
        if error.errno in _FULL and (name is None or error.filename2 is not None):
            outside = str(path)
        if outside != name:
            error.filename, error.filename2 = outside, None
        raise


def not_written(error: OSError, path: Path) -> Problem:
    """Returns the problem of a file that cannot be written: the one that the error names, else `path`."""
    return Problem(f"cannot be written ({error.strerror or error})", os.fsdecode(error.filename or path))


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8 to `path`, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def unwritable(folder: Path) -> list[Problem]:
    """Returns why files cannot be written to the folder, which may have to be made; empty where nothing hinders it."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir():
        return [Problem("is not a folder", str(there), f"a folder, for {folder}" if there != folder else "a folder")]
    if not os.access(there, os.W_OK | os.X_OK):
        return [Problem("cannot be written to", str(there), mend="Give another folder.")]
    return []


def require_unicode(*paths: Path) -> None:
    """Raises BenchError for paths that are not UTF-8, on which SimpleITK, and with it nnU-Net, aborts the process."""
    # abspath, because SimpleITK gets the path as it was given, not the one that its links lead to.
    problems = [path for path in paths if not is_unicode(os.path.abspath(path))]  # noqa: PTH100
    mend = "Rename that folder, or link to it under another name."
    raise_if_any(Problem("is in a folder whose name is not UTF-8", str(path), mend=mend) for path in problems)
