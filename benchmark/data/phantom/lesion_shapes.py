"""Shapes one lesion on a grid: as a stamp that is exact in the label and smooth in the image.

A stamp moves by whole voxels, so its voxels, and with them its size group, do not depend on where it is put. Where in
a voxel its middle lies is one of its traits: if all lay in the centres, balls of some radii would be cubes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np
import numpy.typing as npt

from mswal_bench.benchmark.data.mswal_facts import LARGE_FROM_MM

from .cohort import PlannedLesion
from .grids import Float, Vector

# Second axial and craniocaudal diameter as shares of the longest, and how far the surface departs from an ellipsoid.
_FORMS = {
    "gallstone": ((0.78, 1.0), (0.75, 1.0), 0.05),
    "kidney_stone": ((0.7, 1.0), (0.7, 1.1), 0.06),
    "liver_tumor": ((0.75, 1.0), (0.75, 1.05), 0.16),
    "kidney_tumor": ((0.8, 1.0), (0.8, 1.05), 0.10),
    "pancreatic_cancer": ((0.65, 0.9), (0.7, 1.0), 0.18),
    "liver_cyst": ((0.85, 1.0), (0.85, 1.05), 0.04),
    "kidney_cyst": ((0.9, 1.0), (0.9, 1.05), 0.03),
}
# Above this a lesion is flattened: nothing 25 cm long is a ball inside of an abdomen.
_ROUND_UP_TO_MM = 90.0
_ANY_WAY_UP_TO_MM = 60.0
# Half the least thickness in voxels: three voxels thick, so that on a coarse grid there is something to see and learn,
# and less than the distance to a cube's corner, which is 1.73.
_LEAST_SEMI_VOXELS = 1.7
# Thicker than this, a small lesion with an uneven surface could reach the 20 mm of a large one.
_MOST_LEAST_SEMI_MM = 6.0
# Lesions no wider than the first are even; from the second on they have all of their class's irregularity. What is less
# than a voxel would be no irregular surface but a voxel more or less.
_EVEN_UP_TO_VOXELS, _UNEVEN_FROM_VOXELS = 3.0, 7.0
_STEP = 0.96


@dataclass(frozen=True)
class Form:
    """Holds a lesion's random traits, which it keeps while it is scaled."""

    ratios: Vector
    """Relate the three axes to the longest axial one."""
    angle_rad: float
    """Turns the longest axis within the axial plane."""
    waves: npt.NDArray[np.float64]
    """Has shape (n, 4): wave vectors in the space of directions, and phases, of the irregular surface."""
    irregularity: float
    offset: Vector
    """Is where the middle lies in its voxel: shares of a voxel along x, y and z, -0.5 to 0.5."""


@dataclass(frozen=True, eq=False)
class Stamp:
    """Holds a lesion as voxels; arrays are (z, y, x) with a margin of at least one empty voxel."""

    mask: npt.NDArray[np.bool_]
    distance_mm: Float
    """Is the distance to the surface, negative inside."""
    centre: tuple[int, int, int]
    """Is the index of the voxel in which the middle lies."""
    diameter_mm: float
    """Is the longest axis of the solid in the axial plane."""
    voxels: npt.NDArray[np.intp]
    """Has shape (n, 3): the indices of the mask's voxels."""


def shape_of(lesion: PlannedLesion, rng: np.random.Generator) -> Form:
    """Draws the traits of a lesion."""
    second, third, irregularity = _FORMS[lesion.key]
    flat = min(1.0, (_ROUND_UP_TO_MM / lesion.diameter_mm) ** 0.5)
    waves = np.hstack([rng.normal(0, 2.2, (3, 3)), rng.uniform(0, 2 * np.pi, (3, 1))])
    ratios = (1.0, flat * float(rng.uniform(*second)), flat * float(rng.uniform(*third)))
    # Long lesions lie across the body, where there is room.
    angle = float(rng.uniform(0, np.pi) if lesion.diameter_mm < _ANY_WAY_UP_TO_MM else rng.normal(0, 0.2))
    across, deep, up = rng.uniform(-0.5, 0.5, 3).tolist()
    return Form(ratios, angle, waves, irregularity, (across, deep, up))


def stamp(lesion: PlannedLesion, form: Form, spacing_mm: Vector, *, diameter_mm: float) -> Stamp:
    """Returns the lesion at about `diameter_mm`, scaled in small steps until its voxels measure into its size group.

    On a coarse grid a small lesion is drawn at least three voxels thick.
    """
    while True:
        drawn = _voxelised(form, spacing_mm, diameter_mm)
        shortest, longest = axial_diameter_bounds_mm(drawn.mask, spacing_mm)
        if lesion.group == "large" and shortest < LARGE_FROM_MM:
            diameter_mm /= _STEP
        elif lesion.group == "small" and longest >= LARGE_FROM_MM:
            diameter_mm *= _STEP
        else:
            return drawn


def axial_diameter_bounds_mm(mask: npt.NDArray[np.bool_], spacing_mm: Vector) -> tuple[float, float]:
    """Returns two measures of the longest axial diameter of a lesion, a mask (z, y, x); (0, 0) for an empty mask.

    The first is the largest distance between voxel centres within one axial slice, the second that between voxel
    corners. Whatever convention a reader measures by lies between the two.
    """
    between_centres = between_corners = 0.0
    corner = np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]])
    for plane in mask:
        rows = np.flatnonzero(plane.any(axis=1))
        if not rows.size:
            continue
        # The two ends of every row hold all points that can be farthest apart.
        first, last = plane[rows].argmax(axis=1), plane.shape[1] - 1 - plane[rows, ::-1].argmax(axis=1)
        ends = np.vstack([np.stack([rows, first], 1), np.stack([rows, last], 1)])
        between_centres = max(between_centres, _longest_mm(ends, spacing_mm))
        corners = (ends[:, None, :] + corner).reshape(-1, 2)
        between_corners = max(between_corners, _longest_mm(corners, spacing_mm))
    return between_centres, between_corners


def _longest_mm(points: npt.NDArray[np.generic], spacing_mm: Vector) -> float:
    scaled = points * np.array([spacing_mm[1], spacing_mm[0]])
    return float(np.sqrt(((scaled[:, None] - scaled[None]) ** 2).sum(axis=-1)).max())


def _voxelised(form: Form, spacing_mm: Vector, diameter_mm: float) -> Stamp:
    least = min(_LEAST_SEMI_VOXELS * min(spacing_mm), _MOST_LEAST_SEMI_MM)
    # Where slices are thick a lesion may lie within one: it needs to be as thick as the slice, not as two.
    floors = (least, least, max(least, 0.55 * spacing_mm[2]))
    semi = [max(0.5 * diameter_mm * ratio, floor) for ratio, floor in zip(form.ratios, floors, strict=True)]
    narrowest = 2 * min(semi[:2]) / spacing_mm[0]
    unevenness = float(np.interp(narrowest, (_EVEN_UP_TO_VOXELS, _UNEVEN_FROM_VOXELS), (0, form.irregularity)))
    # Thin lesions stay nearer to a voxel's centre, so that there is always one within them.
    room = (min(semi[:2]), min(semi[:2]), semi[2])
    middle = [
        share * spacing * float(np.clip(extent / spacing - 1, 0, 1))
        for share, spacing, extent in zip(form.offset, spacing_mm, room, strict=True)
    ]
    # The waves raise the surface as much as they lower it.
    reach = [(1 + unevenness) * extent for extent in (max(semi[:2]), max(semi[:2]), semi[2])]
    counts = [int(np.ceil(extent / spacing)) + 2 for extent, spacing in zip(reach, spacing_mm, strict=True)]
    x, y, z = (np.arange(-count, count + 1) * spacing for count, spacing in zip(counts, spacing_mm, strict=True))
    points = (x[None, None, :] - middle[0], y[None, :, None] - middle[1], z[:, None, None] - middle[2])
    distance = _distance_mm(form, semi, unevenness, *points)
    mask = distance <= 0
    if cc3d.connected_components(mask, connectivity=26, return_N=True)[1] != 1:
        # Without the waves the solid is convex, and no grid can tear it about a voxel's centre.
        distance = _distance_mm(form, semi, 0.0, x[None, None, :], y[None, :, None], z[:, None, None])
        mask = distance <= 0
    return Stamp(mask, distance, (counts[2], counts[1], counts[0]), 2 * max(semi[:2]), np.argwhere(mask))


def _distance_mm(
    form: Form,
    semi_mm: list[float],
    irregularity: float,
    x: npt.NDArray[np.floating],
    y: npt.NDArray[np.floating],
    z: npt.NDArray[np.floating],
) -> Float:
    cos, sin = np.cos(form.angle_rad), np.sin(form.angle_rad)
    u, v, w = (x * cos + y * sin) / semi_mm[0], (y * cos - x * sin) / semi_mm[1], z / semi_mm[2]
    level = np.sqrt(u**2 + v**2 + w**2)
    slope = np.sqrt((u / semi_mm[0]) ** 2 + (v / semi_mm[1]) ** 2 + (w / semi_mm[2]) ** 2)
    height: npt.NDArray[np.floating] | float = 1.0
    if irregularity > 0:
        away = np.maximum(level, 1e-9)
        waves = [np.sin((u * a + v * b + w * c) / away + phase) for a, b, c, phase in form.waves]
        height = 1 + irregularity / len(waves) * sum(waves)
    middle = slope < 1e-9
    distance = (level - height) * level / np.where(middle, 1, slope)
    return np.asarray(np.where(middle, -min(semi_mm), distance), dtype=np.float32)
