"""Measures how far two surfaces are apart: NSD at a tolerance, and HD95.

Both are defined as in google-deepmind/surface-distance (Nikolov et al., arXiv:1809.04430): distances are measured from
element to element, and every element is weighted with its area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from .boxes import piles
from .foreground import Foreground
from .surface import Surface, join, surface_of
from .surface_search import DirectedDistances, distances_both_ways

_SHARE = 0.95
# An area that falls short of 95 % by this share counts as 95 %, so that the order of summing makes no difference.
_ROUNDING = 1e-9


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
    both_ways = distances_both_ways(reference, prediction, tolerance_mm)
    # The longer of the two HD95 first, as it seems: the other need not be known then.
    for distances in sorted(both_ways, key=DirectedDistances.far_share, reverse=True):
        near_mm2 += distances.within_mm2(tolerance_mm)
        total_mm2 += distances.total_mm2
        hd95_mm = distances.reaching_mm(_SHARE * distances.total_mm2 * (1 - _ROUNDING), hd95_mm)
    return SurfaceAgreement(nsd=near_mm2 / total_mm2, hd95_mm=hd95_mm)
