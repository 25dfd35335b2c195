"""Finds the surface elements of a mask: where they are, and their areas.

An element is a point where eight voxels meet that are not all alike. Its area is that of the surface which marching
cubes draws between the centres of these voxels, as google-deepmind/surface-distance defines it (Nikolov et al.,
arXiv:1809.04430).

Arrays may have their three axes in any order; results are in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import hypot, nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

Spacing = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Surface:
    """Holds the surface elements of a mask, in no particular order."""

    points: NDArray[np.int32]
    """Has the shape (n, 3): of each element's eight voxels, the index in the array of the one that is last along every
    axis. These are whole numbers, so that distances do not depend on the place in the scan."""
    areas_mm2: NDArray[np.float64]
    """Has the shape (n,)."""
    spacing_mm: Spacing
    """Is in the order of the array's axes; may be NaN without elements."""

    @property
    def is_empty(self) -> bool:
        """Returns whether there is no element."""
        return not len(self.points)

    @property
    def positions_mm(self) -> NDArray[np.float64]:
        """Returns positions of shape (n, 3), from the centre of the array's first voxel, along the array's own axes."""
        positions: NDArray[np.float64] = (self.points - 0.5) * np.array(self.spacing_mm)
        return positions

    def moved(self, voxels: ArrayLike) -> Surface:
        """Returns the surface moved by whole voxels along each axis: shape (3,) for all elements, (n, 3) for each."""
        return replace(self, points=self.points + np.asarray(voxels, np.int32))


def surface_of(mask: NDArray[np.bool_], spacing_mm: Sequence[float]) -> Surface:
    """Finds the surface elements of a mask.

    `mask` is a 3D boolean array; `spacing_mm` is the distance between voxels along each of the array's axes, in the
    order of the axes. All outside of the array is background, so a mask has a surface at the border of a scan too, as
    in google-deepmind/surface-distance. An empty mask has no element, nor has an array of size 0.

    Raises ValueError when the array is not a 3D boolean array or a spacing is not positive.

    A single voxel has an element at each of its eight corners, which together make an octahedron:

    >>> voxel = surface_of(np.ones((1, 1, 1), bool), (1.0, 1.0, 1.0))
    >>> len(voxel.points), round(float(voxel.areas_mm2.sum()), 6)
    (8, 1.732051)
    """
    if mask.ndim != 3 or mask.dtype != np.bool_:
        raise ValueError(f"expected a 3D boolean mask, got {mask.dtype} of shape {mask.shape}")
    if len(spacing_mm) != 3 or not all(np.isfinite(step) and step > 0 for step in spacing_mm):
        raise ValueError(f"expected three positive spacings in mm, got {tuple(spacing_mm)}")
    spacing = (float(spacing_mm[0]), float(spacing_mm[1]), float(spacing_mm[2]))
    depth, height, width = (side + 1 for side in mask.shape)
    # The mask gets one plane, row and column of background in front, and is used flat. What follows the end of a row is
    # then the background in front of the next, so neighbours are the same step apart everywhere, which is fastest.
    cells, plane = depth * height * width, height * width
    codes = np.zeros(cells + plane + width + 1, np.uint8)
    codes[:cells].reshape(depth, height, width)[1:, 1:, 1:] = mask
    # Each step joins pairs of codes: two voxels in a row, then four in a plane, then all eight. Multiplying moves the
    # second one's bits up; numpy shifts bytes ten times more slowly.
    for step, above in ((1, 1 << 1), (width, 1 << 2), (plane, 1 << 4)):
        codes = codes[:-step] | codes[step:] * np.uint8(above)
    # The codes of eight equal voxels, 0 and 255, become 255 and 254.
    at = np.flatnonzero(codes - np.uint8(1) < 254)
    points = np.empty((at.size, 3), np.int32)
    # Whole division and its remainder by hand: numpy's divmod takes twice as long.
    rows = at // width
    planes = rows // height
    points[:, 0], points[:, 1], points[:, 2] = planes, rows - planes * height, at - rows * width
    return Surface(points, _area_table(spacing)[codes[at]], spacing)


def join(surfaces: Iterable[Surface]) -> Surface:
    """Puts the surfaces of several boxes of one grid together. Without surfaces, the result has no elements.

    This is the surface of the mask that holds them all, provided that no voxel of one box touches a voxel of another,
    not even by a corner: an element where they touch would be counted twice. Raises ValueError when the surfaces have
    different spacings.
    """
    parts = [surface for surface in surfaces if not surface.is_empty]
    spacings = {part.spacing_mm for part in parts}
    if len(spacings) > 1:
        raise ValueError(f"expected surfaces of one spacing, got {sorted(spacings)}")
    return Surface(
        np.concatenate([np.zeros((0, 3), np.int32), *(part.points for part in parts)]),
        np.concatenate([np.zeros(0), *(part.areas_mm2 for part in parts)]),
        spacings.pop() if spacings else (nan, nan, nan),
    )


# The eight voxels of an element have the numbers 4i + 2j + k, where i, j and k are 0 or 1 along the three axes; a code
# has one bit for each voxel. The numbers of two neighbours along an axis differ in one bit.
_AXIS_BITS = (4, 2, 1)


@lru_cache(maxsize=64)
def _area_table(spacing_mm: Spacing) -> NDArray[np.float64]:
    """Returns the area in mm2 for each of the 256 codes.

    The area is the same when set and unset voxels change places, so the fewer of the two are looked at. Voxels that
    share no face are cut off one by one.
    """
    table = np.zeros(256)
    for code, groups in _groups_of_few().items():
        table[code] = table[255 - code] = sum(_cut_mm2(group, spacing_mm) for group in groups)
    return table


@cache
def _groups_of_few() -> dict[int, list[frozenset[int]]]:
    """Returns, for each code of at most four voxels, its voxels in groups that are connected by faces."""
    groups: dict[int, list[frozenset[int]]] = {}
    for code in (code for code in range(256) if code.bit_count() <= 4):
        left = {number for number in range(8) if code >> number & 1}
        groups[code] = []
        while left:
            group: set[int] = set()
            edge = {min(left)}
            while edge:
                group |= edge
                edge = {number ^ bit for number in edge for bit in _AXIS_BITS} & (left - group)
            left -= group
            groups[code].append(frozenset(group))
    return groups


def _cut_mm2(group: frozenset[int], spacing_mm: Spacing) -> float:
    """Returns the area of the polygon that cuts one to four of the eight voxels off, halfway to their neighbours.

    The polygon consists of flat pieces in the cube between the voxels' centres. The area of a piece is the root of the
    sum of the squares of its three projections, each of which is a share of a face of the cube.
    """
    first, second, third = spacing_mm
    faces = second * third, first * third, first * second
    # hypot is practically exact, so the order of the axes makes no difference.
    all_faces = hypot(*faces)
    neighbours = {number: {axis for axis in range(3) if number ^ _AXIS_BITS[axis] in group} for number in group}
    along = set().union(*neighbours.values())
    across = [faces[axis] for axis in range(3) if axis not in along]
    match sorted(len(axes) for axes in neighbours.values()):
        case [0]:  # a triangle at a corner
            return all_faces / 8
        case [1, 1]:  # a rectangle, slanted to the two faces along the pair
            return hypot(*across) / 2
        case [1, 1, 2]:  # half of the face that the three share, and a trapezium down from there
            return across[0] / 2 + all_faces * 3 / 8
        case [2, 2, 2, 2]:  # a whole face
            return across[0]
        case [1, 1, 1, 3]:  # a hexagon
            return all_faces * 3 / 4
        case _:  # a chain of four that turns twice: two triangles in the middle, and one at each turn
            turns = (axes for axes in neighbours.values() if len(axes) == 2)
            return all_faces / 2 + sum(hypot(*(faces[axis] for axis in axes)) for axes in turns) / 4
