"""The surface of a mask, in elements: where they are, and their areas.

An element is where eight voxels meet that are not all alike, and weighs the area that marching cubes lays between those
voxels' centres, as google-deepmind/surface-distance defines it (Nikolov et al., arXiv:1809.04430).

Arrays may have their three axes in any order; what comes out is in the order of what came in.
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
    """The surface elements of a mask, in no particular order."""

    points: NDArray[np.int32]
    """Shape (n, 3): index in the array of the last of each element's eight voxels, last along every axis. Whole
    numbers, so that distances do not depend on the place in the scan."""
    areas_mm2: NDArray[np.float64]
    """Shape (n,)."""
    spacing_mm: Spacing
    """Along the array's axes, in their order; may be NaN where there is no element."""

    @property
    def is_empty(self) -> bool:
        return not len(self.points)

    @property
    def positions_mm(self) -> NDArray[np.float64]:
        """Shape (n, 3): from the centre of the array's first voxel, along the array's own axes."""
        positions: NDArray[np.float64] = (self.points - 0.5) * np.array(self.spacing_mm)
        return positions

    def moved(self, voxels: ArrayLike) -> Surface:
        """The surface elsewhere in the grid: by so many voxels along each axis, shape (3,), or (n, 3) one by one."""
        return replace(self, points=self.points + np.asarray(voxels, np.int32))


def surface_of(mask: NDArray[np.bool_], spacing_mm: Sequence[float]) -> Surface:
    """Finds the surface elements of a mask.

    `mask` is a 3D boolean array; `spacing_mm` is the distance of the voxels along each of the array's axes, in their
    order. Outside the array all is background, so that a mask has a surface at the border of a scan too, as it has with
    deepmind. An empty mask, one of size 0 included, has no element.

    Raises ValueError when the array is not a 3D boolean array or a spacing is not positive.

    A lone voxel has an element at each of its eight corners, which together make an octahedron:

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
    # One plane, row and column of background in front of the mask: what follows the end of a row is the background in
    # front of the next. So neighbours are everywhere the same step apart, and numpy is fastest without rows.
    cells, plane = depth * height * width, height * width
    codes = np.zeros(cells + plane + width + 1, np.uint8)
    codes[:cells].reshape(depth, height, width)[1:, 1:, 1:] = mask
    # From one voxel to two in a row, four in a plane, and eight.
    for step, bits in ((1, 1), (width, 2), (plane, 4)):
        codes = codes[:-step] | (codes[step:] << bits)
    # Where all eight are alike, 0 and 255 become 255 and 254.
    at = np.flatnonzero(codes - np.uint8(1) < 254)
    points = np.empty((at.size, 3), np.int32)
    rows, points[:, 2] = np.divmod(at, width)
    points[:, 0], points[:, 1] = np.divmod(rows, height)
    return Surface(points, _area_table(spacing)[codes[at]], spacing)


def join(surfaces: Iterable[Surface]) -> Surface:
    """Puts the surfaces of several boxes of one grid together; of none, gives one without elements.

    This is the surface of the mask that holds them all, provided that no voxel of one box touches one of another, not
    even by a corner: where they touch, an element would count once for each.

    Raises ValueError when the surfaces are of different spacings.
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


# The eight voxels of an element have the numbers 4i + 2j + k, i, j and k being 0 or 1 along the three axes, and a code
# has a bit for each. So along an axis, a voxel's number differs from its neighbour's by one bit.
_AXIS_BITS = (4, 2, 1)


@lru_cache(maxsize=64)
def _area_table(spacing_mm: Spacing) -> NDArray[np.float64]:
    """Area in mm2 for each of the 256 codes.

    Whether the voxels set or the others are the lesion makes no difference, so that the fewer are looked at; those
    that are not neighbours by a face are cut off from each other as well.
    """
    table = np.zeros(256)
    for code, groups in _groups_of_few().items():
        table[code] = table[255 - code] = sum(_cut_mm2(group, spacing_mm) for group in groups)
    return table


@cache
def _groups_of_few() -> dict[int, list[frozenset[int]]]:
    """For each code of at most four voxels, these in groups that hang together by faces."""
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
    """Area of the polygon that cuts one to four of the eight voxels off, with corners halfway to their neighbours.

    Each flat piece of it is given by its share in the three faces of the cube between the voxels' centres, that is by
    what is seen of it along each axis; its area is the root of the sum of the squares of these.
    """
    first, second, third = spacing_mm
    faces = second * third, first * third, first * second
    # hypot is as good as exact, so that the axes' order makes no difference.
    all_faces = hypot(*faces)
    neighbours = {number: {axis for axis in range(3) if number ^ _AXIS_BITS[axis] in group} for number in group}
    along = set().union(*neighbours.values())
    across = [faces[axis] for axis in range(3) if axis not in along]
    match sorted(len(axes) for axes in neighbours.values()):
        case [0]:  # the triangle at a corner
            return all_faces / 8
        case [1, 1]:  # a rectangle, slanted to the two faces along the pair
            return hypot(*across) / 2
        case [1, 1, 2]:  # half of the face over the three, and down from there a trapezium
            return across[0] / 2 + all_faces * 3 / 8
        case [2, 2, 2, 2]:  # a whole face
            return across[0]
        case [1, 1, 1, 3]:  # a hexagon
            return all_faces * 3 / 4
        case _:  # a chain that turns twice: two triangles in the middle, and one at each turn
            turns = (axes for axes in neighbours.values() if len(axes) == 2)
            return all_faces / 2 + sum(hypot(*(faces[axis] for axis in axes)) for axes in turns) / 4
