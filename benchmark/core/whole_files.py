"""Writes files whole or not at all, and refuses paths that SimpleITK cannot open."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mswal_bench.benchmark.tables.escaping import is_unicode

from .errors import Problem, raise_if_any

PARTIAL = ".partial-"
"""Begins the name of a half-written file: with a dot, so that no listing takes the file for a case."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`, with the same suffixes; at the end it replaces `path` in one step.

    A reader sees the old file or the new one, even after a crash. After an exception nothing is left behind. Missing
    folders are made. Raises OSError when the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Writers recognise the format by the suffixes.
    handle, name = tempfile.mkstemp(prefix=PARTIAL, suffix="".join(path.suffixes), dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        # mkstemp makes files that only their owner can read; these are the permissions that open() would have given.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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
