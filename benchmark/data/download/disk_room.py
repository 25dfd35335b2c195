"""Refuses a download that the disk has no room for, before it begins."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from mswal_bench.benchmark.core.errors import BenchError, Problem

from .release import ReleaseFile


def require_room(folder: Path, files: Iterable[ReleaseFile], mend: str) -> None:
    """Raises BenchError where what is still missing of `files` does not fit.

    What is there already, whole or in part, counts by its size. The folder need not be there.
    """
    needed = 0
    for file in files:
        there, part = file.at(folder), file.part_at(folder)
        if not there.is_file() or there.stat().st_size != file.size:
            needed += file.size - min(file.size, part.stat().st_size if part.is_file() else 0)
    existing = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise BenchError(
            Problem(
                "the disk has too little room for what is still to be fetched",
                str(folder),
                expected=f"{in_bytes(needed)} free",
                found=in_bytes(free),
                mend=mend,
            )
        )


def in_bytes(size: int) -> str:
    """Returns a number of bytes for a sentence, in powers of 1000: `1.2 GB`."""
    return tqdm.format_sizeof(size, suffix="B") if size >= 1000 else f"{size} B"
