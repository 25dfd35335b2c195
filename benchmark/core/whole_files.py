"""Files that are written whole or not at all, and places that all can write to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mswal_bench.benchmark.tables.plain_text import is_unicode

from .errors import Problem, raise_if_any

PARTIAL = ".partial-"
"""How the name of a half-written file begins: hidden, so that no listing of a folder takes it for a case."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Gives a temporary path beside `path`, with the same suffixes; on success it takes `path`'s place in one step.

    A reader sees the old file or the new one, also after a crash. On an exception nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Writers tell the format from the suffixes.
    handle, name = tempfile.mkstemp(prefix=PARTIAL, suffix="".join(path.suffixes), dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        # mkstemp makes files only their owner can read; give what an ordinary open() would have given.
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


def require_unicode(*paths: Path) -> None:
    """Raises BenchError for places whose names are not UTF-8, before SimpleITK, and with it nnU-Net, is shown them: it
    does not raise then, it aborts the process.
    """
    # abspath: what is handed on is the path as it was given, not where its links lead.
    problems = [path for path in paths if not is_unicode(os.path.abspath(path))]  # noqa: PTH100
    mend = "Rename that folder, or link to it under another name."
    raise_if_any(Problem("is in a folder whose name is not UTF-8", str(path), mend=mend) for path in problems)
