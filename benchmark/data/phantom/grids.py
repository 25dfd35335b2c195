"""Makes the voxel grids of the three sizes, and cuts them into the boxes that a solid needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .cohort import Patient
from .seeds import Purpose, stream

Float = npt.NDArray[np.float32]
Vector = tuple[float, float, float]
Slices = tuple[slice, slice, slice]

SIZES = ("tiny", "small", "full")

# The coarse sizes show the same 336 x 240 x 240 mm, from below the kidneys to above the dome of the liver.
_COARSE = {"tiny": (4.0, (60, 60, 84)), "small": (3.0, (80, 80, 112))}
_CENTRE_MM = (0.0, 0.0, 8.0)
_ABDOMEN_MM = 250.0
_THICKNESSES_MM = (0.625, 1.0, 1.25, 2.0, 2.5, 5.0)
# The largest number of voxels that is worked on at a time: bounds the memory of the `full` size.
_BOX_VOXELS = 6_000_000


@dataclass(frozen=True)
class Grid:
    """Describes a voxel grid with identity direction. Shape is (z, y, x); spacing and origin are (x, y, z)."""

    shape: tuple[int, int, int]
    spacing_mm: Vector
    origin_mm: Vector
    """Centre of the first voxel."""

    def axis_mm(self, axis: int) -> Float:
        """Returns the voxel centres along x (0), y (1) or z (2), in mm."""
        count = self.shape[2 - axis]
        return (self.origin_mm[axis] + np.arange(count) * self.spacing_mm[axis]).astype(np.float32)

    def points_mm(self, box: Slices) -> tuple[Float, Float, Float]:
        """Returns x, y and z of the box's voxel centres as open arrays that broadcast to the box's (z, y, x)."""
        z, y, x = (self.axis_mm(2 - axis)[box[axis]] for axis in range(3))
        return x[None, None, :], y[None, :, None], z[:, None, None]

    def boxes(self, lower_mm: Vector, upper_mm: Vector) -> Iterator[Slices]:
        """Yields boxes that cover lower..upper (x, y, z) within the grid, each of a few million voxels at most."""
        start, stop = [], []
        for axis in (2, 1, 0):
            scale, origin, count = self.spacing_mm[axis], self.origin_mm[axis], self.shape[2 - axis]
            start.append(int(np.clip(np.floor((lower_mm[axis] - origin) / scale), 0, count)))
            stop.append(int(np.clip(np.ceil((upper_mm[axis] - origin) / scale) + 1, 0, count)))
        area = (stop[1] - start[1]) * (stop[2] - start[2])
        if area <= 0:
            return
        depth = max(1, _BOX_VOXELS // area)
        for z in range(start[0], stop[0], depth):
            yield slice(z, min(z + depth, stop[0])), slice(start[1], stop[1]), slice(start[2], stop[2])

    def slabs(self) -> Iterator[Slices]:
        """Yields boxes of whole slices that cover the grid."""
        low = self.origin_mm
        high = (float(self.axis_mm(0)[-1]), float(self.axis_mm(1)[-1]), float(self.axis_mm(2)[-1]))
        return self.boxes(low, high)

    def nearest(self, point_mm: Vector) -> tuple[int, int, int]:
        """Returns the index (z, y, x) of the voxel nearest to a point (x, y, z), which may lie outside of the grid."""
        x, y, z = (
            round((point - origin) / spacing)
            for point, origin, spacing in zip(point_mm, self.origin_mm, self.spacing_mm, strict=True)
        )
        return z, y, x


def grid_for(patient: Patient, size: str) -> Grid:
    """Returns the grid of a patient's case. At `full` size, spacing, thickness and coverage differ between patients."""
    if size in _COARSE:
        spacing, shape = _COARSE[size]
        return _centred(shape, (spacing, spacing, spacing), _CENTRE_MM)
    rng = stream(patient.seed, patient.slot, Purpose.COHORT)
    # Of the usual thicknesses, those with which the patient's slices cover an abdomen and at most a trunk.
    fitting = [mm for mm in _THICKNESSES_MM if _ABDOMEN_MM <= mm * patient.slices <= 700]
    odds = np.array([1 / (mm * patient.slices) ** 2 for mm in fitting])
    thickness = float(rng.choice(fitting, p=odds / odds.sum()))
    in_plane = round(float(rng.uniform(0.66, 0.9)), 3)
    # A longer scan goes on into the chest and, a little more, into the pelvis.
    beyond = thickness * patient.slices - _ABDOMEN_MM
    centre = (_CENTRE_MM[0], _CENTRE_MM[1], _CENTRE_MM[2] - 0.05 * beyond)
    return _centred((patient.slices, 512, 512), (in_plane, in_plane, thickness), centre)


def _centred(shape: tuple[int, int, int], spacing_mm: Vector, centre_mm: Vector) -> Grid:
    x, y, z = (
        round(centre - (count - 1) / 2 * spacing, 3)
        for centre, count, spacing in zip(centre_mm, shape[::-1], spacing_mm, strict=True)
    )
    return Grid(shape, spacing_mm, (x, y, z))
