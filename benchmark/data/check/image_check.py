"""Inspects one image: its header, its grid and its values."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan
from pathlib import Path

from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.data.mswal_facts import IN_PLANE_VOXELS, SLICE_COUNTS
from mswal_bench.benchmark.volumes.file_names import is_nifti
from mswal_bench.benchmark.volumes.geometry import Geometry, numbers_text
from mswal_bench.benchmark.volumes.nifti_ambiguity import places_twice, unusual_unit
from mswal_bench.benchmark.volumes.stored_volume import StoredVolume, VolumeError
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.benchmark.volumes.voxel_summary import VoxelSummary, summarize_voxels

from .findings_catalogue import DataFinding

# Wide enough for every scanner and for phantoms; what is beyond is a mistake of units or of conversion.
SPACING_LIMITS_MM = (0.05, 20.0)
# The extended CT scale goes from -10,240 to 30,710 HU; 12 bits, of which padding outside of the field of view is often
# outside, from -1,024 to 3,071. An abdomen has gas or air around it, and bone.
LOWEST_HU = (-10_240, -200)
HIGHEST_HU = (150, 30_710)


@dataclass
class FileNotes:
    """Gathers the findings about one file."""

    case: str
    file: str
    findings: list[DataFinding] = field(default_factory=list)
    refusals: list[Problem] = field(default_factory=list)
    """Are the faults for which a reader refused the file, in its own words."""

    def add(self, code: str, found: str, expected: str = "", *, repairable: bool = False) -> None:
        self.findings.append(
            DataFinding(code, case=self.case, file=self.file, found=found, expected=expected, repairable=repairable)
        )

    def add_fault(self, error: VolumeError, *, repairable: bool = False) -> None:
        """Adds the fault for which a reader refused the file."""
        problem = error.problems[0]
        self.refusals.append(problem)
        found = f"{problem.what}: {problem.found}" if problem.found else problem.what
        self.add(error.fault, found, problem.expected, repairable=repairable)


def inspect_image(path: Path, notes: FileNotes, *, is_mswal: bool) -> str | None:
    """Adds everything that is wrong with an image to `notes`; with `is_mswal`, also sizes that no scan of MSWAL has.

    Returns the digest of its voxels; None where they cannot be read.
    """
    if is_broken_link(path, notes):
        return None
    try:
        stored = read_header(path)
        _check_header(stored, notes)
        if is_mswal:
            check_size(stored.geometry, notes)
        summary = summarize_voxels(stored)
    except VolumeError as error:
        notes.add_fault(error)
        return None
    _check_values(summary, notes)
    return summary.digest


def voxels_text(count: int) -> str:
    return "1 voxel" if count == 1 else f"{count} voxels"


def is_broken_link(path: Path, notes: FileNotes) -> bool:
    """Returns whether `path` is a link to a file that is not there, and adds that to `notes`."""
    broken = path.is_symlink() and not path.exists()
    if broken:
        notes.add("broken-link", f"a link to {path.readlink()}")
    return broken


def check_placement(stored: StoredVolume, notes: FileNotes) -> None:
    """Adds to `notes` the parts of a NIfTI header that tools read in different ways; other formats have none."""
    if not is_nifti(stored.file.name):
        return
    unit = unusual_unit(stored.file)
    if unit:
        notes.add("length-unit", unit, "mm")
    for remark in stored.remarks:
        notes.add("readers-differ", remark)
    if not stored.remarks and places_twice(stored.file):
        notes.add("two-places", "two placements in the header", "one")


def check_size(geometry: Geometry, notes: FileNotes) -> None:
    """Adds to `notes` a number of slices along the body, and a size of slices, that no scan of MSWAL has."""
    axis = geometry.axial_axis
    slices = geometry.shape[axis]
    in_plane = geometry.shape[:axis] + geometry.shape[axis + 1 :]
    fewest, most = SLICE_COUNTS["fewest"], SLICE_COUNTS["most"]
    if not fewest <= slices <= most:
        notes.add("slice-count", f"{slices} slices", f"{fewest} to {most}")
    if set(in_plane) != {IN_PLANE_VOXELS}:
        expected = f"{IN_PLANE_VOXELS} x {IN_PLANE_VOXELS}"
        notes.add("in-plane-size", f"{in_plane[0]} x {in_plane[1]}", expected)


def _check_header(stored: StoredVolume, notes: FileNotes) -> None:
    low, high = SPACING_LIMITS_MM
    if not all(low <= step <= high for step in stored.geometry.spacing_mm):
        notes.add("spacing", f"{numbers_text(stored.geometry.spacing_mm)} mm", f"{low:g} to {high:g} mm")
    check_placement(stored, notes)


def _check_values(summary: VoxelSummary, notes: FileNotes) -> None:
    if summary.not_finite:
        notes.add("not-finite", voxels_text(summary.not_finite), "none")
    low, high = summary.lowest, summary.highest
    if isnan(low):  # No voxel is finite, so there is no range to look at.
        return
    if low == high:
        notes.add("blank-image", f"every voxel is {low:g}")
    elif not (LOWEST_HU[0] <= low <= LOWEST_HU[1] and HIGHEST_HU[0] <= high <= HIGHEST_HU[1]):
        expected = f"lowest {LOWEST_HU[0]} to {LOWEST_HU[1]}, highest {HIGHEST_HU[0]} to {HIGHEST_HU[1]}"
        notes.add("hu-range", f"{low:g} to {high:g}", expected)
