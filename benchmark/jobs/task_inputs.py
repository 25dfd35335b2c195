"""Tells which tasks were done before on the inputs that they have now, where no file of their work tells it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from .attempts import Outcome, read_attempts
from .tasks import Task


def inputs_digest(said: Iterable[str], paths: Iterable[Path] = ()) -> str:
    """A digest of texts, of the names, sizes and times of all files at and below `paths`, and of this version.

    No file is read, so that one that was written again counts as another, though its bytes be the same.
    """
    digest = hashlib.sha256()
    for line in (metadata.version("mswal-bench"), *said, *(line for path in paths for line in _files(path))):
        digest.update(os.fsencode(line) + b"\0")
    return digest.hexdigest()


def had_these_inputs(folder: Path, task: Task) -> bool:
    """Whether the last attempt at the task, of those kept in `folder`, was made on what are its inputs now."""
    last = read_attempts(folder, task.file_name, task.key).last
    return last is not None and last.inputs == task.inputs


def was_done(folder: Path, task: Task) -> bool:
    """Whether that attempt also ended well."""
    last = read_attempts(folder, task.file_name, task.key).last
    return last is not None and last.inputs == task.inputs and last.outcome is Outcome.DONE


def _files(path: Path) -> Iterator[str]:
    if not path.is_dir():
        yield _stamp(path)
        return
    # A folder is walked where it lies: a link to it is what the user named.
    for place, subfolders, files in os.walk(path.resolve()):
        subfolders.sort()
        for name in sorted(files):
            yield _stamp(Path(place, name))


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return f"{path} -"
    # The time of the last change of its entry cannot be set, as that of its content can.
    return f"{path} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
