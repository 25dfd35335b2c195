"""Finds the same voxels in more than one case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from .case_check import CaseResult
from .findings_catalogue import DataFinding


def duplicates(root: Path, results: Iterable[CaseResult]) -> list[DataFinding]:
    """A finding for every image and label whose voxels an earlier case has; training cases come before test cases."""
    ordered = sorted(results, key=lambda result: (result.files.subset, result.files.case))
    return [*_alike(root, ordered, "image"), *_alike(root, ordered, "label")]


def _alike(root: Path, results: Iterable[CaseResult], part: Literal["image", "label"]) -> Iterable[DataFinding]:
    groups: dict[str, list[CaseResult]] = defaultdict(list)
    for result in results:
        digest = getattr(result, part).digest
        if digest is not None:
            groups[digest].append(result)
    for first, *others in groups.values():
        for other in others:
            leaks = part == "image" and first.files.subset != other.files.subset
            code = "test-in-training" if leaks else f"duplicate-{part}"
            files = [_file(root, getattr(result.files, part)) for result in (first, other)]
            yield DataFinding(
                code,
                case=other.files.case,
                file=files[1],
                found=f"the voxels of {files[0]}",
                expected="voxels of its own",
            )


def _file(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
