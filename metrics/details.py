"""Computes the numbers of a class that are reported beside DSC and F1 and never ranked on.

As in aggregation.py, an undefined number is NaN, and every mean leaves undefined numbers out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from . import overlap
from .aggregation import defined_mean
from .case import CaseScore

_COLUMNS = ("class_id", "is_prediction", "matched_id", "diameter_mm", "dsc")
"""Those of the lesions that the numbers are of."""


@dataclass(frozen=True)
class LesionScore:
    """Tells how well lesions are found, pooled over all cases."""

    precision: float
    """Is TP / (TP + FP); NaN without a predicted lesion."""
    recall: float
    """Is TP / (TP + FN); NaN without a reference lesion."""
    f1: float
    tp: int
    fp: int
    fn: int


@dataclass(frozen=True)
class ClassDetails:
    """Holds the further numbers of one class over a set of cases."""

    every_size: LesionScore
    small: LesionScore
    """Counts the lesions whose longest axial diameter is below the limit: TP and FN by the diameter of the reference
    lesion, FP by that of the predicted lesion."""
    large: LesionScore
    """Counts all other lesions."""
    matched_dsc: float
    """Is the mean DSC of the matched pairs of lesions of all cases; NaN without any."""
    volume_error_mm3: float
    """Is the mean of predicted minus reference volume, over the cases where either side has the class."""
    absolute_volume_error_mm3: float
    """Is the mean of the same differences without their sign."""
    nsd: float
    """Is the mean over the cases where either side has the class; NaN when it was not measured."""
    hd95_mm: float
    """Is the mean over the cases where both sides have the class; NaN when it was not measured."""
    hd95_cases: int
    """Counts these cases. A method that finds nothing in hard cases has a good HD95, but over few cases."""


def class_details(cases: Sequence[CaseScore], class_id: int, large_from_mm: float) -> ClassDetails:
    """Computes the numbers of one class; a lesion is large when its longest axial diameter is at least `large_from_mm`.

    Without cases, the ratios are NaN and the counts 0.
    """
    return details_of_classes(cases, [class_id], large_from_mm)[class_id]


def details_of_classes(
    cases: Sequence[CaseScore], class_ids: Sequence[int], large_from_mm: float
) -> dict[int, ClassDetails]:
    """Computes what `class_details` does for several classes; class id -> numbers."""
    columns = {
        name: np.concatenate([np.zeros(0), *(getattr(case.lesions, name) for case in cases)]) for name in _COLUMNS
    }
    return {id_: _details(cases, columns, id_, large_from_mm) for id_ in class_ids}


def _details(
    cases: Sequence[CaseScore], columns: Mapping[str, NDArray[np.float64]], class_id: int, large_from_mm: float
) -> ClassDetails:
    chosen = columns["class_id"] == class_id
    found, matched = columns["is_prediction"][chosen] != 0, columns["matched_id"][chosen] > 0
    large, dsc = columns["diameter_mm"][chosen] >= large_from_mm, columns["dsc"][chosen]
    surfaces = [case.surfaces[class_id] for case in cases if case.surfaces is not None]
    differences = [
        (counts.prediction_voxels - counts.reference_voxels) * case.voxel_mm3
        for case in cases
        if (counts := case.classes[class_id]).prediction_voxels or counts.reference_voxels
    ]
    hd95_mm, hd95_cases = defined_mean(surface.hd95_mm for surface in surfaces)
    return ClassDetails(
        every_size=_lesion_score(found, matched),
        small=_lesion_score(found[~large], matched[~large]),
        large=_lesion_score(found[large], matched[large]),
        matched_dsc=defined_mean(dsc[matched & ~found].tolist())[0],
        volume_error_mm3=defined_mean(differences)[0],
        absolute_volume_error_mm3=defined_mean(map(abs, differences))[0],
        nsd=defined_mean(surface.nsd for surface in surfaces)[0],
        hd95_mm=hd95_mm,
        hd95_cases=hd95_cases,
    )


def _lesion_score(found: NDArray[np.bool_], matched: NDArray[np.bool_]) -> LesionScore:
    """Scores lesions, `found` the predicted ones. A match counts when its reference lesion is among them."""
    tp, fn, fp = (int(np.count_nonzero(of)) for of in (~found & matched, ~found & ~matched, found & ~matched))
    return LesionScore(
        precision=tp / (tp + fp) if tp + fp else nan,
        recall=tp / (tp + fn) if tp + fn else nan,
        f1=overlap.f1(tp, fp, fn),
        tp=tp,
        fp=fp,
        fn=fn,
    )
