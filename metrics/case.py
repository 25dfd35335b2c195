"""Scores one case: counts for every class, and a row for every lesion.

Counts are stored instead of ratios, so that any set of cases can be pooled later without reading an image again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import get_args

import numpy as np

from . import overlap
from .components import Components, Connectivity, connected_components
from .foreground import HIGHEST_CLASS_ID, Foreground, Indices, Labels, foreground_of
from .lesions import Lesions, lesion_rows
from .matching import LOWEST_MATCH_IOU, match
from .surface_distance import SurfaceAgreement, surface_agreement


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """Counts the voxels and lesions of one class in one case."""

    reference_voxels: int
    prediction_voxels: int
    intersection_voxels: int
    tp: int
    """Counts the matched lesions, each pair once."""
    fp: int
    """Counts the predicted lesions without a match."""
    fn: int
    """Counts the reference lesions without a match."""

    @property
    def dsc(self) -> float:
        """Returns the DSC; NaN when neither side has a voxel, 0 when just one side has none."""
        return overlap.dsc(self.reference_voxels, self.prediction_voxels, self.intersection_voxels)

    @property
    def f1(self) -> float:
        """Returns F1 over this case's lesions; NaN when neither side has one."""
        return overlap.f1(self.tp, self.fp, self.fn)


@dataclass(frozen=True)
class CaseScore:
    """Scores one prediction against one reference."""

    classes: Mapping[int, ClassCounts]
    """Maps class ids to counts, in the order in which the classes were asked for."""
    lesions: Lesions
    """Are ordered by class, the reference's lesions first. A matched pair has two rows, one on each side."""
    voxel_mm3: float
    """Is the volume of a voxel."""
    surfaces: Mapping[int, SurfaceAgreement] | None = None
    """Maps class ids to NSD and HD95; None when they were not asked for."""


def score_case(
    reference: Labels | Foreground,
    prediction: Labels | Foreground,
    spacing_mm: Sequence[float],
    class_ids: Sequence[int],
    *,
    match_iou: Fraction = LOWEST_MATCH_IOU,
    connectivity: Connectivity = 26,
    axial_axis: int = 0,
    nsd_tolerance_mm: float | None = None,
) -> CaseScore:
    """Scores a predicted label map against the reference on the same grid.

    `reference` and `prediction` are 3D integer arrays of one shape, or the foregrounds of such arrays. `spacing_mm` is
    the distance between voxels along each of the arrays' axes, in the order of the axes. Axial slices are stacked along
    `axial_axis`, which is 0 for arrays in the order (z, y, x). Labels that are not in `class_ids` count as background.
    A class that neither side has gets counts of 0 and no lesions. With `nsd_tolerance_mm`, NSD and HD95 are measured
    too, which takes several times as long as all else.

    Raises ValueError when the shapes differ, an array is not a 3D integer array, a class id is not within 1..255, a
    spacing is not positive, the tolerance is negative, `match_iou` is not within 1/2..1, the connectivity is not 6, 18
    or 26, or the axial axis is not 0, 1 or 2.

    >>> reference = np.zeros((1, 1, 6), np.uint8)
    >>> reference[0, 0, :4] = 3
    >>> score = score_case(reference, np.roll(reference, 1, axis=2), (1.0, 1.0, 1.0), [3])
    >>> score.classes[3].dsc, [(lesion.iou, lesion.status) for lesion in score.lesions]
    (0.75, [(0.6, 'TP'), (0.6, 'TP')])
    """
    _check(reference, prediction, spacing_mm, class_ids, connectivity, axial_axis)
    of_reference = connected_components(_foreground(reference, class_ids), connectivity)
    of_prediction = connected_components(_foreground(prediction, class_ids), connectivity)
    overlaps = overlap.overlap_table(of_reference, of_prediction)
    matches = match(overlaps, match_iou)
    surfaces = None
    if nsd_tolerance_mm is not None:
        surfaces = {
            class_id: surface_agreement(
                of_reference.foreground.of_class(class_id),
                of_prediction.foreground.of_class(class_id),
                spacing_mm,
                nsd_tolerance_mm,
            )
            for class_id in class_ids
        }
    return CaseScore(
        _counts(class_ids, of_reference, of_prediction, overlaps, matches),
        lesion_rows(of_reference, of_prediction, overlaps, matches, spacing_mm, axial_axis),
        prod(spacing_mm),
        surfaces,
    )


def _foreground(side: Labels | Foreground, class_ids: Sequence[int]) -> Foreground:
    if not isinstance(side, Foreground):
        return foreground_of(side, class_ids)
    wanted = np.isin(side.class_ids, list(class_ids))
    return side if wanted.all() else side.select(wanted)


def _counts(
    class_ids: Sequence[int],
    reference: Components,
    prediction: Components,
    overlaps: overlap.OverlapTable,
    matches: Mapping[int, int],
) -> dict[int, ClassCounts]:
    def per_class(of: Indices, weights: Indices | None = None) -> Indices:
        return np.bincount(of, weights, HIGHEST_CLASS_ID + 1).astype(np.int64)

    tp = per_class(reference.class_ids[list(matches)])
    columns = (
        per_class(reference.class_ids, reference.voxels),
        per_class(prediction.class_ids, prediction.voxels),
        per_class(reference.class_ids[overlaps.reference], overlaps.intersection_voxels),
        tp,
        per_class(prediction.class_ids) - tp,
        per_class(reference.class_ids) - tp,
    )
    return {class_id: ClassCounts(*(int(column[class_id]) for column in columns)) for class_id in class_ids}


def _check(
    reference: Labels | Foreground,
    prediction: Labels | Foreground,
    spacing_mm: Sequence[float],
    class_ids: Sequence[int],
    connectivity: Connectivity,
    axial_axis: int,
) -> None:
    for name, side in (("reference", reference), ("prediction", prediction)):
        if len(side.shape) != 3:
            raise ValueError(f"expected a 3D {name}, got shape {side.shape}")
        if not isinstance(side, Foreground) and not np.issubdtype(side.dtype, np.integer):
            raise ValueError(f"expected integer labels in the {name}, got {side.dtype}")
    if reference.shape != prediction.shape:
        raise ValueError(f"expected a prediction of the reference's shape {reference.shape}, got {prediction.shape}")
    if len(spacing_mm) != 3 or not all(np.isfinite(step) and step > 0 for step in spacing_mm):
        raise ValueError(f"expected three positive spacings in mm, got {tuple(spacing_mm)}")
    if not all(1 <= class_id <= HIGHEST_CLASS_ID for class_id in class_ids):
        raise ValueError(f"expected class ids from 1 to {HIGHEST_CLASS_ID}, got {tuple(class_ids)}")
    if connectivity not in get_args(Connectivity):
        raise ValueError(f"expected 6, 18 or 26 for the connectivity, got {connectivity}")
    if axial_axis not in range(3):
        raise ValueError(f"expected 0, 1 or 2 for the axial axis, got {axial_axis}")
