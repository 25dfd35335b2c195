"""Describes where a voxel grid lies in the patient, and compares two grids.

Axes are in the order (x, y, z) of the file. Positions are in millimetres in the LPS system of DICOM and ITK: x grows to
the patient's left, y to the back, z to the head. SimpleITK and ITK-SNAP show the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import Problem

# These tolerances are absolute. Headers hold 32-bit floats, and NIfTI holds rotations as quaternions: near a half turn,
# which an unrotated scan has there, a quaternion of 32-bit floats is uncertain by 7e-4 in a direction cosine. At the
# limits, the far corner of a scan may be off by half a voxel, the rest by less. The mistakes to be found (another
# resampling, a shifted crop, a flipped axis) are orders of magnitude larger.
SPACING_TOLERANCE_MM = 1e-3
ORIGIN_TOLERANCE_MM = 1e-2
DIRECTION_TOLERANCE = 1e-3
_TOLERANCES = {
    "spacing_mm": SPACING_TOLERANCE_MM,
    "origin_mm": ORIGIN_TOLERANCE_MM,
    "direction": DIRECTION_TOLERANCE,
}


@dataclass(frozen=True)
class Geometry:
    """Describes the grid of a volume."""

    shape: tuple[int, int, int]
    """Counts the voxels along x, y, z: the reverse of the shape of an array in the order (z, y, x)."""
    spacing_mm: tuple[float, float, float]
    """Is the distance between voxel centres along x, y, z."""
    origin_mm: tuple[float, float, float]
    """Is the position of the first voxel's centre."""
    direction: tuple[float, ...]
    """Has nine direction cosines, row by row as in SimpleITK: column j is the unit vector of axis j."""

    @property
    def axial_axis(self) -> int:
        """Returns the axis (0, 1, 2 for x, y, z of the grid) along which axial slices are stacked.

        It is the axis nearest to the patient's long axis.
        """
        return int(np.argmax(np.abs(np.reshape(self.direction, (3, 3))[2])))

    def to_patient_mm(self, offset_mm: tuple[float, float, float]) -> tuple[float, float, float]:
        """Returns the LPS position of a point given in mm from the first voxel's centre along the grid's axes."""
        x, y, z = (np.array(self.origin_mm) + np.reshape(self.direction, (3, 3)) @ np.array(offset_mm)).tolist()
        return x, y, z


def differing(reference: Geometry, other: Geometry) -> dict[str, float]:
    """Returns those of spacing_mm, origin_mm and direction that differ beyond tolerance, with the largest difference.

    The result is empty when the grids agree. Shapes are not compared.
    """
    off = {
        name: max(abs(a - b) for a, b in zip(getattr(reference, name), getattr(other, name), strict=True))
        for name in _TOLERANCES
    }
    return {name: difference for name, difference in off.items() if difference > _TOLERANCES[name]}


def disagreements(reference: Geometry, other: Geometry, where: str) -> list[Problem]:
    """Returns a problem for each way in which the grid of `other`, which `where` names, differs from the reference's.

    The result is empty when the grids agree.
    """
    problems = []
    if reference.shape != other.shape:
        problems.append(
            Problem(
                "the shape (x, y, z) differs from the reference's",
                where,
                numbers_text(reference.shape),
                numbers_text(other.shape),
                "Predict on the original image, or resample the prediction to it (nearest neighbour).",
            )
        )
    off = differing(reference, other)
    for name, unit, mend in (
        (
            "spacing_mm",
            " mm",
            "Resample to the reference's grid, or mend the header if only it is wrong.",
        ),
        (
            "origin_mm",
            " mm",
            "Predict on the image's own grid. Copy its header only if the voxels are known to lie as the image's do.",
        ),
        (
            "direction",
            "",
            "An axis is flipped, swapped or rotated: store the prediction in the reference's orientation.",
        ),
    ):
        if name in off:
            expected, found = getattr(reference, name), getattr(other, name)
            word, allowed = name.removesuffix("_mm"), _TOLERANCES[name]
            what = f"the {word} differs from the reference's by {off[name]:.3g}{unit} (allowed {allowed:g}{unit})"
            problems.append(Problem(what, where, numbers_text(expected), numbers_text(found), mend))
    return problems


def skew(direction: NDArray[np.float64]) -> float:
    """Measures how far the columns of a matrix, shape (3, 3), are from orthonormal: 0 for unit vectors at right angles.

    NaN for vectors that are not finite.
    """
    if not np.isfinite(direction).all():
        return nan
    return float(np.abs(direction.T @ direction - np.eye(3)).max())


def numbers_text(values: Iterable[float]) -> str:
    """Returns numbers as text for people: `(1, 2.5, 3)`."""
    # Adding 0 turns -0 into 0.
    return "(" + ", ".join(f"{value + 0:.6g}" for value in values) + ")"
