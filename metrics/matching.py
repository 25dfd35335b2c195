"""Decides which predicted lesion finds which reference lesion: those that overlap by the IoU threshold or more."""

from __future__ import annotations

from fractions import Fraction

from .overlap import OverlapTable

LOWEST_MATCH_IOU = Fraction(1, 2)
"""Is the lowest threshold at which a component has at most one match."""


def match(overlaps: OverlapTable, match_iou: Fraction = LOWEST_MATCH_IOU) -> dict[int, int]:
    """Matches components whose IoU is at least `match_iou`; maps reference components to predicted components.

    The comparison is made in integers (at 1/2: twice the intersection against the union), so an IoU of exactly the
    threshold is always a match.

    A component has at most one match, so there is no assignment problem to solve. Suppose P1 and P2 both reach an IoU
    of 1/2 with R. Then each covers at least half of R. As they are disjoint, each covers exactly half, has no voxel
    outside of R, and together they are R. R is connected, so a voxel of P1 touches a voxel of P2, and the two are one
    component: a contradiction. This holds where both sides are components of one connectivity, and at no lower
    threshold.

    Raises ValueError for a threshold below 1/2 or above 1, and when overlaps give a component two matches, which shows
    that they are not of components.
    """
    if not LOWEST_MATCH_IOU <= match_iou <= 1:
        raise ValueError(f"expected a match IoU from 1/2 (below it matches are not unique) to 1, got {match_iou}")
    pairs: dict[int, int] = {}
    rows = zip(
        overlaps.reference.tolist(),
        overlaps.prediction.tolist(),
        overlaps.intersection_voxels.tolist(),
        overlaps.union_voxels.tolist(),
        strict=True,
    )
    # Python's integers, not numpy's: a threshold such as Fraction(0.7) has terms near 2**53.
    for reference, prediction, intersection, union in rows:
        if intersection * match_iou.denominator >= match_iou.numerator * union:
            if reference in pairs:
                raise ValueError(f"reference component {reference} has two matches: expected connected components")
            pairs[reference] = prediction
    if len(set(pairs.values())) < len(pairs):
        raise ValueError("a predicted component has two matches: expected connected components")
    return pairs
