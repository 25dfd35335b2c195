"""Checks one prediction against the case that it is for: its header, and, where asked, every voxel."""

from __future__ import annotations

from math import prod
from typing import Literal

import numpy as np

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.volumes.geometry import differing, numbers_text
from mswal_bench.benchmark.volumes.label_maps import check_labels
from mswal_bench.benchmark.volumes.orientation import axes_towards
from mswal_bench.benchmark.volumes.stored_volume import MOST_VOXELS, StoredVolume, VolumeError
from mswal_bench.benchmark.volumes.volume_header import read_header

from .findings_catalogue import SubmissionFinding
from .manifest import ExpectedCase
from .package.listing import PackageError, SubmittedFile

Voxels = Literal["none", "scaled", "all"]
"""The predictions of which the voxels are read too: none, those that scaled integers stand for, or all."""
# No more is read than the case has voxels.
_NOT_ITS_VOXELS = frozenset({"too-many-voxels", "shape-differs"})


# Headers of strangers may hold numbers whose products are beyond any float, which numpy would tell the terminal.
@np.errstate(all="ignore")
def check_prediction(
    file: SubmittedFile, case: str, expected: ExpectedCase, highest_label: int, *, voxels: Voxels
) -> list[SubmissionFinding]:
    """Finds what is wrong with a prediction, or worth knowing of it; nothing for a good one.

    Where its `voxels` are asked for, it is read to its end, if it has its case's shape. Axes stored in another order
    are accepted as they are when it is scored, and noted.
    """
    try:
        stored = read_header(file)
    except BenchError as error:
        return _of_error(error, file.name, case)
    findings = _of_grid(stored, file.name, case, expected)
    findings += [SubmissionFinding("readers-differ", file.name, remark, case=case) for remark in stored.remarks]
    rounded: list[str] = []
    is_read = voxels == "all" or (voxels == "scaled" and stored.is_scaled)
    if is_read and not any(finding.code in _NOT_ITS_VOXELS for finding in findings):
        try:
            check_labels(stored, highest_label, rounded)
        except BenchError as error:
            findings += _of_error(error, file.name, case)
    return [*findings, *(SubmissionFinding("scaled-labels", file.name, remark, case=case) for remark in rounded)]


def _of_error(error: BenchError, file: str, case: str) -> list[SubmissionFinding]:
    if isinstance(error, PackageError):
        return [SubmissionFinding(error.finding.code, file, error.finding.found, error.finding.expected, case)]
    # Whatever is wrong with a file as a file has a name; else its voxels are.
    code = error.fault if isinstance(error, VolumeError) else "not-labels"
    return [
        SubmissionFinding(code, file, ": ".join(filter(None, (problem.what, problem.found))), problem.expected, case)
        for problem in error.problems
    ]


def _of_grid(stored: StoredVolume, file: str, case: str, expected: ExpectedCase) -> list[SubmissionFinding]:
    if prod(stored.geometry.shape) > MOST_VOXELS:
        shapes = numbers_text(stored.geometry.shape), numbers_text(expected.shape)
        return [SubmissionFinding("too-many-voxels", file, *shapes, case)]
    wanted = expected.geometry
    axes = axes_towards(wanted, stored.geometry)
    found = axes.of_geometry(stored.geometry)
    off = differing(wanted, found)
    taken = "" if axes.are_the_same else f", its axes taken as {axes}"
    findings = []
    if found.shape != wanted.shape:
        shapes = numbers_text(found.shape) + taken, numbers_text(wanted.shape)
        findings.append(SubmissionFinding("shape-differs", file, *shapes, case))
    for name, by in off.items():
        word, unit = name.removesuffix("_mm"), " mm" if name.endswith("_mm") else ""
        text = f"{numbers_text(getattr(found, name))}{unit}{taken}, off by {by:.3g}{unit}"
        findings.append(
            SubmissionFinding(f"{word}-differs", file, text, numbers_text(getattr(wanted, name)) + unit, case)
        )
    if not findings and not axes.are_the_same:
        findings.append(SubmissionFinding("axes-differ", file, f"taken as {axes}", case=case))
    return findings
