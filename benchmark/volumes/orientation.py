"""Finds how two grids differ in the order and direction of their axes, and turns a volume from one to the other.

The same voxels in the same places can be stored in 48 ways: six orders of the axes, times eight choices of direction.
Turning from one to another changes the order of the voxels; nothing is interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from mswal_bench.metrics.foreground import Foreground

from .geometry import Geometry


@dataclass(frozen=True)
class StoredAxes:
    """Says how to reorder and flip a volume's axes so that they run as another grid's do."""

    order: tuple[int, int, int]
    """Gives, for x, y and z of the other grid, the axis of the volume (0, 1, 2 for its x, y, z) to take."""
    flipped: tuple[bool, bool, bool]
    """Says, for x, y and z of the other grid, whether the volume's axis runs the other way."""

    @property
    def are_the_same(self) -> bool:
        """Returns whether nothing has to change."""
        return self.order == (0, 1, 2) and not any(self.flipped)

    def of_geometry(self, geometry: Geometry) -> Geometry:
        """Returns the volume's geometry after the turn."""
        direction = np.reshape(geometry.direction, (3, 3))[:, self.order]
        spacing = np.array(geometry.spacing_mm)[list(self.order)]
        shape = np.array(geometry.shape)[list(self.order)]
        last = (shape - 1) * spacing * np.array(self.flipped)
        origin = np.array(geometry.origin_mm) + direction @ last
        direction = direction * np.where(self.flipped, -1, 1)
        return Geometry(
            tuple(shape.tolist()), tuple(spacing.tolist()), tuple(origin.tolist()), tuple(direction.ravel().tolist())
        )

    def of_foreground(self, foreground: Foreground) -> Foreground:
        """Returns the volume's labels, in the order (z, y, x), after the turn."""
        x, y, z = (2 - axis for axis in self.order)
        return foreground.reoriented((z, y, x), self.flipped[::-1])

    def __str__(self) -> str:
        """Returns the axes to take as text, `-y, x, z`; `x, y, z` changes nothing."""
        axes = zip(self.order, self.flipped, strict=True)
        return ", ".join(("-" if flipped else "") + "xyz"[axis] for axis, flipped in axes)


def axes_towards(reference: Geometry, other: Geometry) -> StoredAxes:
    """Returns how to take the axes of `other` so that they run along the reference's, or as nearly as possible.

    `disagreements` tells whether it lies on the reference's grid after that.
    """
    to_reference = np.reshape(reference.direction, (3, 3)).T @ np.reshape(other.direction, (3, 3))
    # The best order has the largest cosines between axes; all are 1 unless the grid is turned by an angle.
    order = max(permutations(range(3)), key=lambda axes: float(np.abs(to_reference[range(3), axes]).sum()))
    flipped = [bool(to_reference[axis, own] < 0) for axis, own in enumerate(order)]
    return StoredAxes((order[0], order[1], order[2]), (flipped[0], flipped[1], flipped[2]))
