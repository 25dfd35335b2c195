"""Repairs label maps with a wrong or invalid header: copies the image's geometry and keeps the original file.

At every moment there is a whole label in its place, the old one or the new one. Before it is replaced, the old one lies
in `.before-fix` too and the log there says what is about to change, so a repair that is stopped loses nothing and is
simply done again.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from typing import Any

from mswal_bench.benchmark.core.claims import HeldError, held
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.regular_files import open_regular, read_bytes
from mswal_bench.benchmark.core.whole_files import whole_file, write_text
from mswal_bench.benchmark.data.raw_folder import RawCase
from mswal_bench.benchmark.volumes.geometry import differing
from mswal_bench.benchmark.volumes.nifti_repair import copy_placement
from mswal_bench.benchmark.volumes.stored_volume import DAMAGED, VolumeError
from mswal_bench.benchmark.volumes.volume_header import read_header

from .case_check import CaseResult, inspect_case_label
from .check_dataset import Inspection, inspect_dataset

KEPT = ".before-fix"
"""Is the folder in the raw folder that holds the originals, in folders as they were, and the log."""
AGAIN = "again"
"""Is the folder in it for the originals of labels that were spoilt and repaired once more, under other names."""
LOG = "fixes.json"
_LOCK = ".fixing"
# A file that was whole a moment ago may be so no more.
_FAILED: tuple[type[Exception], ...] = (EOFError, *DAMAGED)


@dataclass(frozen=True)
class Fix:
    """Logs the repair of one label map."""

    case: str
    file: str
    """Is relative to the raw folder, as are the next two."""
    original: str
    image: str
    when: str
    """Is the time in UTC, ISO 8601."""
    sha256_before: str
    """Is the digest of the file, compressed as it is."""
    sha256_after: str
    turned: bool
    """Says whether the label's header turned its axes away from the image's: if rightly, it is mirrored now."""
    changes: dict[str, tuple[Any, Any]]
    """Holds the NIfTI header fields before and after."""


@dataclass(frozen=True)
class Repaired:
    """Holds what the repair of a raw folder did."""

    inspection: Inspection
    """Describes the folder as it is now."""
    fixes: tuple[Fix, ...]
    problems: tuple[Problem, ...]
    """Say why a label map that is repairable could not be repaired."""


def fix_dataset(root: Path, *, jobs: int | None = None, progress: bool = False) -> Repaired:
    """Inspects a raw folder and repairs it, alone: BenchError is raised while another process does."""
    with ExitStack() as stack:
        try:
            stack.enter_context(held(root / _LOCK))
        except HeldError as error:
            what = "another process repairs this data set at the moment"
            raise BenchError(Problem(what, str(root), mend="Wait for it to end.")) from error
        except OSError:
            # There is no such folder, which is said below, or nothing can be repaired in it, which each label says.
            pass
        return repair_dataset(inspect_dataset(root, jobs=jobs, progress=progress), progress=progress)


def repair_dataset(inspection: Inspection, *, progress: bool = False) -> Repaired:
    """Repairs the label maps that an inspection calls repairable, one at a time, and inspects them again.

    While the folder is inspected and repaired no other process may repair it.
    """
    layout = inspection.layout
    broken = [result for result in inspection.results if any(one.repairable for one in result.label.findings)]
    fixes: list[Fix] = []
    problems: list[Problem] = []
    now: dict[RawCase, CaseResult] = {}
    with progress_bar("fix", "label", shown=progress) as report:
        for number, result in enumerate(broken, start=1):
            try:
                fixes.append(_repair(layout.root, result.files))
            except BenchError as error:
                problems += error.problems
            except OSError as error:
                problems.append(_not_repaired(error.strerror or str(error), error.filename or result.files.label))
            except _FAILED as error:
                problems.append(_not_repaired(str(error), result.files.label))
            now[result.files] = replace(result, label=inspect_case_label(layout, result.files))
            report(number, len(broken), "")
    results = tuple(now.get(result.files, result) for result in inspection.results)
    return Repaired(Inspection(layout, results), tuple(fixes), tuple(problems))


def _not_repaired(why: str, where: object) -> Problem:
    return Problem(f"could not be repaired ({why})", str(where))


def _repair(root: Path, files: RawCase) -> Fix:
    image, label = files.image, files.label
    if image is None or label is None:
        raise ValueError(f"{files.case} has no label, or no image to copy from")
    _refuse_linked(
        root, label.parent, "Put a folder of links to the files in its place, or check the place it leads to."
    )
    turned = _is_turned(image, label)
    # Renamed into place, it replaces a link and never what the link leads to.
    with whole_file(label) as temporary:
        changes = copy_placement(image, label, temporary)
        if differing(read_header(image).geometry, read_header(temporary).geometry):
            raise BenchError(Problem("copying the image's geometry did not make them agree", str(label)))
        before = _sha256(label)
        fix = Fix(
            case=files.case,
            file=label.relative_to(root).as_posix(),
            original=_keep(root, label, before).relative_to(root).as_posix(),
            image=image.relative_to(root).as_posix(),
            when=datetime.now(UTC).isoformat(timespec="seconds"),
            sha256_before=before,
            sha256_after=_sha256(temporary),
            turned=turned,
            changes=changes,
        )
        _log(root, fix)
    return fix


def _is_turned(image: Path, label: Path) -> bool:
    try:
        return "direction" in differing(read_header(image).geometry, read_header(label).geometry)
    except VolumeError:  # A header without valid geometry says nothing about its axes.
        return False


def _refuse_linked(root: Path, folder: Path, mend: str) -> None:
    if folder.resolve() != root.resolve() / folder.relative_to(root):
        what = "the folder is a link to another place, where --fix does not write"
        raise BenchError(Problem(what, str(folder), found=str(folder.resolve()), mend=mend))


def _keep(root: Path, label: Path, sha256: str) -> Path:
    """Puts the label, or the link that it is, into the folder of originals as well, under a name of its own there."""
    folder, name = label.parent.name, label.name
    for kept in (root / KEPT / folder / name, root / KEPT / AGAIN / folder / f"{sha256[:16]}-{name}"):
        _refuse_linked(root, kept.parent, "Move the link away.")
        if kept.exists() and _sha256(kept) == sha256:
            return kept
        if not os.path.lexists(kept):
            break
    else:
        raise BenchError(Problem("another file is in the place of the original", str(kept), mend="Move it away."))
    kept.parent.mkdir(parents=True, exist_ok=True)
    if label.is_symlink():
        kept.symlink_to(label.resolve())
        return kept
    try:
        kept.hardlink_to(label)
    except OSError:  # Some file systems have no hard links.
        with whole_file(kept) as temporary:
            copyfile(label, temporary)
    return kept


def _log(root: Path, fix: Fix) -> None:
    path = root / KEPT / LOG
    try:
        fixes = json.loads(read_bytes(path))["fixes"] if path.exists() else []
        # One that was stopped before the label was replaced is there already.
        others = [one for one in fixes if (one["file"], one["sha256_before"]) != (fix.file, fix.sha256_before)]
    except (ValueError, KeyError, TypeError) as error:
        raise BenchError(Problem("the log of repairs cannot be read", str(path), mend="Move it away.")) from error
    write_text(path, json.dumps({"fixes": [*others, asdict(fix)]}, indent=1) + "\n")


def _sha256(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
