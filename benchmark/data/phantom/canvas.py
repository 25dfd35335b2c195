"""Holds the volume on which a patient is painted: attenuation, and the tissue that owns each voxel."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from .grids import Float, Grid
from .solids import Solid


class Tissue(IntEnum):
    """Names the owner of a voxel. Organs are painted in order of priority, each into voxels that are still free."""

    AIR = 0
    WALL = 1
    """Skin, subcutaneous fat and the muscles around the cavity."""
    FAT = 2
    """The free space of the cavity."""
    KEPT_FAT = 3
    """Fat next to an organ that keeps the following organs at a distance."""
    BOWEL = 4
    MUSCLE = 5
    BONE = 6
    VESSEL = 7
    LUNG = 8
    LIVER = 9
    GALLBLADDER = 10
    KIDNEY_RIGHT = 11
    KIDNEY_LEFT = 12
    PANCREAS = 13
    SPLEEN = 14


class Canvas:
    """Holds the attenuation in HU (float32) and the owner (`Tissue`, uint8) of every voxel, as arrays (z, y, x)."""

    def __init__(self, grid: Grid):
        self.grid = grid
        self.hu: Float = np.full(grid.shape, -1000, np.float32)
        self.owner: npt.NDArray[np.uint8] = np.zeros(grid.shape, np.uint8)
        self.edge_mm = float(np.prod(grid.spacing_mm) ** (1 / 3))
        """Is the width, about a voxel, over which a surface goes from one tissue to the next."""

    def cover(self, distance_mm: Float) -> Float:
        """Returns the share (0 to 1) of voxels that a solid fills, by the distance of their centres to its surface."""
        return np.asarray(np.clip(0.5 - distance_mm / np.float32(self.edge_mm), 0, 1))

    def paint(
        self,
        solid: Solid,
        hu: float,
        tissue: Tissue | None = None,
        *,
        over: Iterable[Tissue] = (Tissue.FAT,),
        gap_mm: float = 0.0,
    ) -> None:
        """Fills `solid` with `hu` where the owner is one of `over`, and hands it to `tissue`.

        Without a tissue the owner stays: a detail inside of an organ. Free fat within `gap_mm` becomes `KEPT_FAT`.
        """
        free = np.zeros(256, bool)
        free[[int(one) for one in over]] = True
        lower, upper = solid.bounds_mm()
        margin = gap_mm + max(self.grid.spacing_mm)
        for box in self.grid.boxes(_moved(lower, -margin), _moved(upper, margin)):
            distance = solid.distance_mm(*self.grid.points_mm(box))
            owner = self.owner[box]
            taken = free[owner]
            self.hu[box] += self.cover(distance) * taken * (np.float32(hu) - self.hu[box])
            if tissue is not None:
                if gap_mm > 0:
                    owner[(owner == Tissue.FAT) & (distance < gap_mm)] = Tissue.KEPT_FAT
                owner[taken & (distance <= 0)] = tissue


def _moved(point: tuple[float, float, float], by: float) -> tuple[float, float, float]:
    return point[0] + by, point[1] + by, point[2] + by
