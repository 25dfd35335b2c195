"""Decides which predicted lesion counts as having found which reference lesion."""

from __future__ import annotations

from fractions import Fraction

from .overlap import OverlapTable

LOWEST_MATCH_IOU = Fraction(1, 2)


def match(overlaps: OverlapTable, match_iou: Fraction = LOWEST_MATCH_IOU) -> dict[int, int]:
    """Matches components whose IoU reaches `match_iou`; gives reference component -> predicted component.

    The comparison is made in integers (at 1/2: twice the intersection against the union), so a tie at the
    threshold is a match, always.

    No assignment problem is solved because there is none. Suppose P1 and P2 both reach 1/2 with R. Then each
    covers at least half of R, and being disjoint exactly half, so each has no voxel outside R and together they are
    R. R is connected, so a voxel of P1 touches a voxel of P2, and the two are one component: a contradiction. This
    holds where both sides are components of one connectivity, and at no lower threshold.

    Raises ValueError for a threshold below 1/2 or above 1, and for overlaps of what were not components.
    """
    if not LOWEST_MATCH_IOU <= match_iou <= 1:
        raise ValueError(f"expected a matching IoU between 1/2, below which matches are not unique, and 1: {match_iou}")
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
                raise ValueError(f"two predicted regions match reference region {reference}: not components")
            pairs[reference] = prediction
    if len(set(pairs.values())) < len(pairs):
        raise ValueError("one predicted region matches two reference regions: not components")
    return pairs
