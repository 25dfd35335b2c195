"""A file of the source under its name in the data set: a link where one can be made, else a copy."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from .whole_files import PARTIAL, whole_file

_BLOCK_BYTES = 1 << 20


class Way(StrEnum):
    """How a file got to its place."""

    HARD_LINK = "hard link"
    SYMLINK = "symbolic link"
    COPY = "copy"
    PACKED = "compressed copy"


def state_of(source: Path) -> dict[str, int]:
    """What tells `source` from another file in its place, of whatever age, and from itself once it is written to.

    Not the device: file systems may get another number when they are mounted again. Raises OSError without a file.
    """
    stat = source.stat()
    return {"inode": stat.st_ino, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}


def is_placed(source: Path, target: Path, placed: Mapping[str, int] | None, *, copy: bool) -> bool:
    """Whether `target` needs nothing: it is `source` (unless `copy`), or was made from it as it is now.

    `placed` is the `state_of` the file that `target` was made from, None where that is not known. What was repaired
    since is another file than `source` and stays as long as that does not change.
    """
    if not target.exists():
        return False
    if target.samefile(source):
        return not copy
    return placed == state_of(source)


def place(source: Path, target: Path, *, copy: bool) -> Way:
    """Puts `source` at `target`, whole or not at all, in place of what is there.

    A hard link where the file system has them between the two, else a symbolic one to the absolute path, else a copy.
    What is not compressed but has to be is copied and compressed; its bytes stay what they are within. Raises OSError
    when nothing can be written.
    """
    real = source.resolve()
    if target.name.endswith(".gz") and not source.name.lower().endswith(".gz"):
        return _written(real, target, _pack, Way.PACKED)
    if not copy:
        for link, way in ((os.link, Way.HARD_LINK), (os.symlink, Way.SYMLINK)):
            if _linked(real, target, link):
                return way
    return _written(real, target, shutil.copyfile, Way.COPY)


def _linked(real: Path, target: Path, link: Callable[[Path, Path], None]) -> bool:
    # A link cannot be made over a file; made beside it, it takes its place in one step.
    temporary = Path(tempfile.mktemp(prefix=PARTIAL, suffix="".join(target.suffixes), dir=target.parent))
    try:
        link(real, temporary)
    except OSError:
        return False
    try:
        temporary.replace(target)
    finally:
        # A rename between two names of one file does nothing at all.
        temporary.unlink(missing_ok=True)
    return True


def _written(real: Path, target: Path, write: Callable[[Path, Path], object], way: Way) -> Way:
    with whole_file(target) as temporary:
        write(real, temporary)
    return way


def _pack(real: Path, temporary: Path) -> None:
    from isal import igzip

    with real.open("rb") as unpacked, temporary.open("wb") as file:
        # No name and no time within: the same bytes whenever it is packed.
        packed = igzip.IGzipFile(filename="", mode="wb", fileobj=file, mtime=0)  # type: ignore[no-untyped-call]
        with packed:
            shutil.copyfileobj(unpacked, packed, _BLOCK_BYTES)
