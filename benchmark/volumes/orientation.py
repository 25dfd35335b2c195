"""Finds out whether two grids differ only in the order and direction of their axes, and turns one to the other.

The same voxels in the same places can be stored eight times six ways. Between two of them nothing is interpolated:
voxels change their order, that is all.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from mswal_bench.metrics.foreground import Foreground

from .geometry import Geometry


@dataclass(frozen=True)
class StoredAxes:
    """How to take a volume's axes to have them as another grid has them."""

    order: tuple[int, int, int]
    """For x, y and z of the other grid, which of the volume's axes (0, 1, 2 for its x, y, z) it is."""
    flipped: tuple[bool, bool, bool]
    """For x, y and z of the other grid, whether the volume's axis runs the other way."""

    @property
    def are_the_same(self) -> bool:
        """Whether there is nothing to do."""
        return self.order == (0, 1, 2) and not any(self.flipped)

    def of_geometry(self, geometry: Geometry) -> Geometry:
        """The geometry of the volume so taken."""
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
        """The labels, (z, y, x), of the volume so taken."""
        x, y, z = (2 - axis for axis in self.order)
        return foreground.reoriented((z, y, x), self.flipped[::-1])

    def __str__(self) -> str:
        """For people: `x, y, z` means as it should be."""
        axes = zip(self.order, self.flipped, strict=True)
        return ", ".join(("-" if flipped else "") + "xyz"[axis] for axis, flipped in axes)


def axes_towards(reference: Geometry, other: Geometry) -> StoredAxes:
    """How `other` is to be taken to have its axes run as the reference's do, or as nearly so as can be.

    Whether it then lies on the reference's grid is for `disagreements` to say.
    """
    to_reference = np.reshape(reference.direction, (3, 3)).T @ np.reshape(other.direction, (3, 3))
    # Unit vectors: the axis that a reference's axis is, or else the grid is turned by another angle.
    order = max(permutations(range(3)), key=lambda axes: float(np.abs(to_reference[range(3), axes]).sum()))
    flipped = [bool(to_reference[axis, own] < 0) for axis, own in enumerate(order)]
    return StoredAxes((order[0], order[1], order[2]), (flipped[0], flipped[1], flipped[2]))
