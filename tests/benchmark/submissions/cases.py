"""A track of three cases, and submissions for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding
from mswal_bench.benchmark.submissions.make_manifest import manifest_of
from mswal_bench.benchmark.submissions.manifest import Manifest
from mswal_bench.benchmark.submissions.validate import validate

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

FORM = b"method: Mine\nauthors: [A]\naffiliation: B\ncontact: a@b.org\ntrack: official-test\n"
CASES = ("case_1", "case_2", "case_3")
Spoil = Callable[[Path], object]


def labels(case: str) -> NDArray[Any]:
    """(z, y, x); no two cases alike."""
    array = np.zeros((4, 6, 8), np.uint8)
    array[1, 1:3, : 1 + CASES.index(case)] = 3
    array[2, 4, 5] = 7
    return array


def make_labels(folder: Path, save_labels: SaveLabels) -> Path:
    """The reference labels."""
    for case in CASES:
        save_labels(folder / f"{case}.nii.gz", labels(case))
    return folder


def make_submission(folder: Path, save_labels: SaveLabels) -> Path:
    """One without a fault: the reference labels as predictions."""
    make_labels(folder / "predictions", save_labels)
    (folder / "submission.yaml").write_bytes(FORM)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    """The content of all files by their names in the folder, for `packages.pack`."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def manifest_for(folder: Path, **changed: object) -> Manifest:
    """Of the reference labels in `folder`."""
    return manifest_of(folder).model_copy(update=changed)


def told(path: Path, manifest: Manifest, **options: bool) -> list[tuple[str, str]]:
    """Code and file, or else case, of everything that is found."""
    findings = validate(path, manifest, **{"deep": True, **options}).findings
    return [(finding.code, finding.file or finding.case) for finding in findings]


def by_code(findings: tuple[SubmissionFinding, ...]) -> Mapping[str, SubmissionFinding]:
    """One finding of each code."""
    return {finding.code: finding for finding in findings}
