"""Measures how far two surfaces are apart: NSD at a tolerance, and HD95.

Both are defined as in google-deepmind/surface-distance (Nikolov et al., arXiv:1809.04430): distances are measured from
element to element, and every element is weighted with its area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cbrt, nan, pi, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .boxes import piles
from .foreground import Foreground, Indices
from .surface import Spacing, Surface, join, surface_of

_SHARE = 0.95
# An area that falls short of 95 % by this share counts as 95 %, so that the order of summing makes no difference.
_ROUNDING = 1e-9
# About how many places around an element are tried before the search tree.
_STEPS = 30


@dataclass(frozen=True)
class SurfaceAgreement:
    """Tells how well two surfaces agree."""

    nsd: float
    """Is the share of both surfaces' area that lies within the tolerance of the other surface, from 0 to 1. NaN when
    neither side has a surface, 0 when just one has."""
    hd95_mm: float
    """Is the larger of the two directed 95th percentiles of distance, weighted by area. NaN when a side has no surface;
    where just one has none, google-deepmind/surface-distance gives infinity, which would spoil every mean."""


def surface_agreement(
    reference: Foreground, prediction: Foreground, spacing_mm: Sequence[float], tolerance_mm: float
) -> SurfaceAgreement:
    """Measures how well the surfaces of two foregrounds on one grid agree; classes are not told apart.

    `spacing_mm` is the distance between voxels along each of the array's axes, in the order of the axes. Raises what
    `compare_surfaces` raises.
    """
    return compare_surfaces(
        foreground_surface(reference, spacing_mm), foreground_surface(prediction, spacing_mm), tolerance_mm
    )


def foreground_surface(foreground: Foreground, spacing_mm: Sequence[float]) -> Surface:
    """Finds the surface elements of a foreground, box by box; classes are not told apart."""
    parts = []
    for pile in piles(foreground):
        part = surface_of(pile.array > 0, spacing_mm)
        # The empty plane behind a box belongs to the box, and so do the elements on it.
        parts.append(part.moved(pile.shifts[part.points[:, 0]]))
    return join(parts)


def compare_surfaces(reference: Surface, prediction: Surface, tolerance_mm: float) -> SurfaceAgreement:
    """Measures how well two surfaces on one grid agree. Swapping them changes nothing.

    NSD is the area of the elements, on both sides, whose nearest element of the other side is at most `tolerance_mm`
    away, divided by the area of all elements. For HD95 the elements of a side are sorted by this distance; the directed
    distance of the side is that of the element with which 95 % of its area is reached.

    A distance is sqrt(((i a)^2 + (j b)^2) + (k c)^2) in double precision and in this order, where i, j and k are whole
    steps along axes with the spacings a, b and c, as in google-deepmind/surface-distance. A distance of exactly the
    tolerance is within it.

    Raises ValueError when the surfaces have different spacings, or the tolerance is negative or not finite.

    >>> here = np.zeros((5, 5, 5), bool)
    >>> here[1:4, 1:4, 1:3] = True
    >>> sides = [surface_of(mask, (1.0, 1.0, 0.8)) for mask in (here, np.roll(here, 1, axis=2))]
    >>> compare_surfaces(*sides, tolerance_mm=0.8)
    SurfaceAgreement(nsd=1.0, hd95_mm=0.8)
    """
    if not (np.isfinite(tolerance_mm) and tolerance_mm >= 0):
        raise ValueError(f"expected a tolerance of 0 mm or more, got {tolerance_mm}")
    if reference.is_empty or prediction.is_empty:
        return SurfaceAgreement(nsd=nan if reference.is_empty and prediction.is_empty else 0.0, hd95_mm=nan)
    if reference.spacing_mm != prediction.spacing_mm:
        raise ValueError(f"expected surfaces of one spacing, got {reference.spacing_mm} and {prediction.spacing_mm}")
    near_mm2, total_mm2, hd95_mm = 0.0, 0.0, 0.0
    for side, other in ((reference, prediction), (prediction, reference)):
        distances_mm = _nearest_mm(side, other)
        near_mm2 += float(side.areas_mm2[distances_mm <= tolerance_mm].sum())
        total_mm2 += float(side.areas_mm2.sum())
        hd95_mm = max(hd95_mm, _distance_of_share(distances_mm, side.areas_mm2))
    return SurfaceAgreement(nsd=near_mm2 / total_mm2, hd95_mm=hd95_mm)


def _nearest_mm(side: Surface, other: Surface) -> NDArray[np.float64]:
    """Returns the distance from each element of one side to the nearest of the other side."""
    distances_mm = _nearest_close_by_mm(side, other)
    far = np.flatnonzero(np.isnan(distances_mm))
    if far.size:
        from scipy.spatial import cKDTree

        # A tree that is neither balanced nor compact is built several times faster, and hardly slower to search.
        tree = cKDTree(other.positions_mm, balanced_tree=False, compact_nodes=False)
        _, nearest = tree.query(side.positions_mm[far])
        distances_mm[far] = _lengths_mm(other.points[nearest] - side.points[far], side.spacing_mm)
    return distances_mm


def _nearest_close_by_mm(side: Surface, other: Surface) -> NDArray[np.float64]:
    """Returns the same distances where they are a few voxels, and NaN where they are longer.

    It tries the places around each element, nearest first. Where two outlines agree, as most do, this is several times
    faster than a search tree, and exact.
    """
    steps, lengths_mm = _steps_around(side.spacing_mm)
    reach = steps.max(axis=0)
    # Extremes are found column by column, for numpy is slow along the first axis of a tall array.
    columns = [(side.points[:, axis], other.points[:, axis]) for axis in range(3)]
    lowest = np.array([min(one.min(), another.min()) for one, another in columns]) - reach
    highest = np.array([max(one.max(), another.max()) for one, another in columns]) + reach
    shape = highest - lowest + 1
    strides = np.array([shape[1] * shape[2], shape[2], 1], np.int64)
    # Every place has a byte, but only the memory around elements is ever touched.
    occupied = np.zeros(int(strides[0] * shape[0]), np.bool_)
    occupied[(other.points - lowest) @ strides] = True
    distances_mm = np.full(len(side.points), nan)
    left, at = np.arange(len(side.points)), (side.points - lowest) @ strides
    for length_mm, shift in zip(lengths_mm.tolist(), (steps @ strides).tolist(), strict=True):
        hit = occupied[at + shift]
        distances_mm[left[hit]] = length_mm
        left, at = left[~hit], at[~hit]
    return distances_mm


@lru_cache(maxsize=64)
def _steps_around(spacing_mm: Spacing) -> tuple[Indices, NDArray[np.float64]]:
    """Returns all steps of up to a certain length, shape (n, 3), and their lengths, shortest first."""
    radius_mm = cbrt(_STEPS * prod(spacing_mm) / (4 / 3 * pi))
    axes = [np.arange(-int(radius_mm / step), int(radius_mm / step) + 1) for step in spacing_mm]
    steps = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    lengths_mm = _lengths_mm(steps, spacing_mm)
    order = np.argsort(lengths_mm, kind="stable")
    order = order[lengths_mm[order] <= radius_mm]
    return steps[order], lengths_mm[order]


def _lengths_mm(steps: NDArray[np.integer[Any]], spacing_mm: Spacing) -> NDArray[np.float64]:
    squares = (steps * np.array(spacing_mm)) ** 2
    # compare_surfaces promises this order of summing; numpy's sum along an axis may choose another.
    return np.asarray(np.sqrt(squares[:, 0] + squares[:, 1] + squares[:, 2]))


def _distance_of_share(distances_mm: NDArray[np.float64], areas_mm2: NDArray[np.float64]) -> float:
    """Returns the smallest distance that 95 % of the area does not exceed."""
    order = np.argsort(distances_mm)
    reached_mm2 = np.cumsum(areas_mm2[order])
    first = np.searchsorted(reached_mm2, _SHARE * reached_mm2[-1] * (1 - _ROUNDING))
    return float(distances_mm[order[min(int(first), order.size - 1)]])
