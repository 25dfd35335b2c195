"""Describes the grid that a case page shows: a part of the reference's grid, turned to the body and coarser.

Axes are in the order (x, y, z) and run to the patient's right-to-left, back-to-front and foot-to-head directions, or
to those nearest to them, as NIfTI's RAS+ has them. Positions in the patient are LPS, as in `lesions.csv`, but for the
affine, which is NIfTI's. A voxel of this grid is a block of voxels of the reference's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, prod

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.orientation import StoredAxes, axes_towards
from mswal_bench.metrics.foreground import Foreground, Indices, numbered

_RAS = Geometry((1, 1, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0))
_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def axes_to_ras(geometry: Geometry) -> StoredAxes:
    """Returns how to take a grid's axes so that they run as those of a page do."""
    return axes_towards(_RAS, geometry)


def turned_indices(axes: StoredAxes, geometry: Geometry, indices: Indices) -> Indices:
    """Returns where voxels of a file, indices (n, 3) in the order (x, y, z), lie after the turn by `axes`."""
    taken = indices[:, list(axes.order)]
    last = np.array(geometry.shape)[list(axes.order)] - 1
    return np.where(axes.flipped, last - taken, taken)


def voxel_indices(foreground: Foreground) -> Indices:
    """Returns the index (x, y, z) of each labelled voxel, run by run, shape (voxels, 3)."""
    z, y, x = (np.repeat(axis, foreground.lengths) for axis in foreground.coordinates())
    return np.stack([x + numbered(foreground.lengths), y, z], axis=1)


@dataclass(frozen=True)
class ViewerGrid:
    """Cuts a box out of a volume and joins its voxels to blocks."""

    turned: Geometry
    """Is the reference's grid after the turn."""
    low: tuple[int, int, int]
    """Is the first voxel of the box, along each axis of `turned`."""
    high: tuple[int, int, int]
    """Is the voxel just behind the box, along each axis."""
    factors: tuple[int, int, int] = (1, 1, 1)
    """Counts the voxels that a block has along each axis; the last block may have fewer."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Counts the blocks along each axis."""
        x, y, z = (
            ceil((high - low) / factor) for low, high, factor in zip(self.low, self.high, self.factors, strict=True)
        )
        return x, y, z

    @property
    def voxels(self) -> int:
        """Counts the blocks."""
        return prod(self.shape)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Is the distance between the centres of blocks."""
        x, y, z = (spacing * factor for spacing, factor in zip(self.turned.spacing_mm, self.factors, strict=True))
        return x, y, z

    @property
    def affine(self) -> NDArray[np.float64]:
        """Maps a block's index to the position of its centre in RAS mm, as NIfTI has it; shape (4, 4)."""
        direction = np.reshape(self.turned.direction, (3, 3))
        spacing = np.array(self.turned.spacing_mm)
        middle = np.array(self.low) + (np.array(self.factors) - 1) / 2
        lps = np.eye(4)
        lps[:3, :3] = direction * np.array(self.spacing_mm)
        lps[:3, 3] = np.array(self.turned.origin_mm) + direction @ (middle * spacing)
        return _TO_RAS @ lps

    def blocks(self, indices: Indices) -> Indices:
        """Returns the blocks in which voxels of `turned` lie; both are indices (n, 3)."""
        return np.asarray((indices - self.low) // self.factors)

    def are_middles(self, indices: Indices) -> NDArray[np.bool_]:
        """Returns whether voxels of `turned`, (n, 3), are those in the middle of their blocks."""
        factors = np.array(self.factors)
        return np.asarray(((indices - self.low) % factors == factors // 2).all(axis=1))

    def coarser(self) -> ViewerGrid:
        """Returns the grid with larger blocks: longer by a voxel along the axis that has the finest blocks."""
        sizes = [mm if count > 1 else np.inf for mm, count in zip(self.spacing_mm, self.shape, strict=True)]
        axis = int(np.argmin(sizes))
        x, y, z = (factor + (axis == own) for own, factor in enumerate(self.factors))
        return replace(self, factors=(x, y, z))


def grid_around(turned: Geometry, indices: Sequence[Indices], margin_mm: float) -> ViewerGrid:
    """Returns the grid of the box that holds all of the voxels `indices`, each (n, 3), and `margin_mm` around them.

    Without a voxel it is the grid of the whole volume.
    """
    there = [each for each in indices if len(each)]
    if not there:
        return ViewerGrid(turned, (0, 0, 0), turned.shape)
    margin = np.ceil(margin_mm / np.array(turned.spacing_mm)).astype(np.int64)
    low = np.maximum(np.min([each.min(axis=0) for each in there], axis=0) - margin, 0)
    high = np.minimum(np.max([each.max(axis=0) for each in there], axis=0) + 1 + margin, turned.shape)
    return ViewerGrid(turned, tuple(low.tolist()), tuple(high.tolist()))
