"""Puts the new site into the place of the old one in one step, and replaces nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.core.litter import is_seen_below
from mswal_bench.benchmark.core.whole_files import PARTIAL

LISTING = "board.json"
"""Lists every other file of a site with its digest. By it a folder is known to be a board."""


def replace_site(site: Path, files: Mapping[str, bytes]) -> None:
    """Writes `files`, by their POSIX paths, as the whole content of the folder `site`, whole or not at all.

    A board that is there is replaced. Raises BenchError where the folder holds anything that is not of a board, or
    cannot be written; it is then as it was.
    """
    check_site(site)
    try:
        # Of a link its target is replaced, not the link.
        _swap(site.resolve(), files)
    except OSError as error:
        what = f"the site cannot be written ({error.strerror or error})"
        raise BenchError(Problem(what, str(error.filename or site))) from error


def check_site(site: Path) -> None:
    """Raises BenchError unless `site` may be replaced: it is not there, is empty, or is a board and nothing else."""
    if not os.path.lexists(site):
        return
    mend = "Give another folder, or empty this one."
    if not site.is_dir():
        raise BenchError(Problem("is not a folder", str(site), mend="Give another one."))
    files = (path for path in site.rglob("*") if path.is_symlink() or not path.is_dir())
    there = {path.relative_to(site).as_posix() for path in files if is_seen_below(path, site)}
    if not there:
        return
    if LISTING not in there:
        raise BenchError(Problem("is not a board and not empty", str(site), found=listed(sorted(there)), mend=mend))
    try:
        known = set(json.loads((site / LISTING).read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(Problem("is not the listing of a board", str(site / LISTING), mend=mend)) from error
    strange = sorted(there - known - {LISTING})
    if strange:
        mend = "Move them away: building replaces the whole folder."
        raise BenchError(Problem("holds files that are not the board's", str(site), found=listed(strange), mend=mend))


def refuse_in_a_site(path: Path) -> None:
    """Raises BenchError for a file that would lie in a site, which is published."""
    for folder in path.resolve().parents:
        if (folder / LISTING).is_file():
            what = f"would lie in the site {folder}, which is published"
            raise BenchError(Problem(what, str(path), mend="Take a place outside of it."))


def listing(files: Mapping[str, bytes], version: str) -> bytes:
    """Writes the content of `LISTING` for these files."""
    digests = {name: f"sha256:{hashlib.sha256(content).hexdigest()}" for name, content in sorted(files.items())}
    return (json.dumps({"made_by": f"mswal-bench {version}", "files": digests}, indent=2) + "\n").encode()


def _swap(site: Path, files: Mapping[str, bytes]) -> None:
    site.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=site.parent) as scratch:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        new.mkdir()
        for name, content in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if site.exists():
            site.rename(old)
        try:
            new.rename(site)
        except OSError:
            if old.exists():
                old.rename(site)
            raise
