"""Puts a file under another name: as a link where the file system allows one, else as a copy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from .claims import beside, claim
from .whole_files import naming, whole_file

_BLOCK_BYTES = 1 << 20


class Way(StrEnum):
    """Says how a file got to its place."""

    HARD_LINK = "hard link"
    SYMLINK = "symbolic link"
    COPY = "copy"
    PACKED = "compressed copy"


def state_of(source: Path) -> dict[str, int]:
    """Returns numbers that change when `source` is replaced by another file or written to.

    The device is not among them, for a file system may get another number when it is mounted again. Raises OSError
    when there is no such file.
    """
    stat = source.stat()
    return {"inode": stat.st_ino, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}


def is_placed(source: Path, target: Path, placed: Mapping[str, int] | None, *, copy: bool) -> bool:
    """Returns whether `target` can stay: it is `source` itself (unless `copy`), or was made from it as it is now.

    `placed` is the `state_of` the file from which `target` was made; None where that is not known. So a target that was
    repaired stays as long as its source does not change.
    """
    if not target.exists():
        return False
    if target.samefile(source):
        return not copy
    return placed == state_of(source)


def place(source: Path, target: Path, *, copy: bool) -> Way:
    """Puts `source` at `target`, whole or not at all, and replaces a file that is there.

    It makes a hard link where the file system can, else a symbolic link to the absolute path, else a copy; with `copy`
    always a copy. A `target` that ends in `.gz` gets a compressed copy of a `source` that does not. Raises OSError when
    nothing can be written.
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
    # A link cannot replace a file, so it is made beside the file and renamed in one step.
    with naming(target), claim(target.parent) as claimed:
        try:
            link(real, beside(claimed))
        except OSError:
            return False
        # Renaming one name of a file to another name of it does nothing; the claim takes what is left.
        beside(claimed).replace(target)
    return True


def _written(real: Path, target: Path, write: Callable[[Path, Path], object], way: Way) -> Way:
    with whole_file(target) as temporary:
        write(real, temporary)
    return way


def _pack(real: Path, temporary: Path) -> None:
    from isal import igzip

    with real.open("rb") as unpacked, temporary.open("wb") as file:
        # Without a name and a time, equal input gives equal bytes.
        packed = igzip.IGzipFile(filename="", mode="wb", fileobj=file, mtime=0)  # type: ignore[no-untyped-call]
        with packed:
            shutil.copyfileobj(unpacked, packed, _BLOCK_BYTES)
