"""Checks that a phantom may be written to a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.core.claims import PARTIAL
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.litter import is_litter, is_seen_below
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import require_unicode, write_text

MARK = "phantom.json"
"""Is the file that says which phantom a folder holds, from the first case on."""


def write_mark(out: Path, mark: Mapping[str, Any]) -> None:
    """Marks `out` as the folder of the phantom that `mark` describes."""
    write_text(out / MARK, json.dumps(mark, indent=2) + "\n")


def check_folder(out: Path, mark: Mapping[str, Any], files: Iterable[Path]) -> None:
    """Checks that `out` is new or empty, or holds the phantom of the same mark and only `files` of it.

    Raises BenchError otherwise, and for a path in which SimpleITK cannot write.
    """
    require_unicode(out)
    if not out.exists():
        return
    if not out.is_dir():
        raise BenchError(Problem("is not a folder", str(out), mend="Give a folder that is new or empty."))
    if all(path.name.startswith(PARTIAL) or is_litter(path.name) for path in out.iterdir()):
        return
    try:
        held = json.loads(read_bytes(out / MARK))
    except (OSError, ValueError):
        raise BenchError(
            Problem("holds something other than a phantom", str(out), mend="Give a folder that is new or empty.")
        ) from None
    if held != mark:
        wanted, found = (json.dumps(one) for one in (mark, held))
        mend = "Give another folder, or ask for the phantom that is there."
        raise BenchError(Problem("holds another phantom", str(out), expected=wanted, found=found, mend=mend))
    known = {out / MARK, *files}
    there = (path for path in out.rglob("*") if not path.is_dir() and not path.name.startswith(PARTIAL))
    strangers = sorted(path for path in there if path not in known and is_seen_below(path, out))
    if strangers:
        names = ", ".join(str(path.relative_to(out)) for path in strangers[:3]) + ("..." if len(strangers) > 3 else "")
        mend = "Give another folder, or move these files away."
        problem = Problem(f"holds {len(strangers)} files that this phantom has not: {names}", str(out), mend=mend)
        raise BenchError(problem)


def clear_leftovers(folders: Iterable[Path]) -> None:
    """Removes the files that an interrupted call left half written."""
    for folder in folders:
        for leftover in folder.glob(PARTIAL + "*"):
            leftover.unlink()
