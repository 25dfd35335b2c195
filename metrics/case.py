"""One case: the counts of every class, and a row for every lesion.

Counts are stored, not ratios, so that any set of cases can be pooled later without reading an image again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import overlap
from .components import Components, Connectivity, connected_components
from .matching import LOWEST_MATCH_IOU, match

Labels = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """What one case holds of one class."""

    reference_voxels: int
    prediction_voxels: int
    intersection_voxels: int
    tp: int
    """Matched lesions, each pair counted once."""
    fp: int
    """Predicted lesions without a match."""
    fn: int
    """Reference lesions without a match."""

    @property
    def dsc(self) -> float:
        """NaN when neither side has a voxel, 0 when one side has none."""
        return overlap.dsc(self.reference_voxels, self.prediction_voxels, self.intersection_voxels)

    @property
    def f1(self) -> float:
        """F1 over this case's lesions; NaN when neither side has one."""
        return overlap.f1(self.tp, self.fp, self.fn)


@dataclass(frozen=True, slots=True)
class Lesion:
    """One connected component of one class, on one side."""

    class_id: int
    side: Literal["reference", "prediction"]
    lesion_id: int
    """1, 2, ... within the class and the side, in the order of the lesions' first voxels in the array."""
    voxels: int
    volume_mm3: float
    centroid_mm: tuple[float, float, float]
    """From the centre of the array's first voxel, along the array's own axes and in their order."""
    matched_id: int | None
    """The lesion of the other side that it matches."""
    iou: float
    """Of the best overlap with a lesion of the other side, which for a matched lesion is its match; 0 without any."""
    status: Literal["TP", "FP", "FN"]


@dataclass(frozen=True, slots=True)
class CaseScore:
    """The score of one prediction against one reference."""

    classes: Mapping[int, ClassCounts]
    """Class id -> counts, in the order in which the classes were asked for."""
    lesions: tuple[Lesion, ...]
    """Class by class, the reference's lesions first. A match appears twice, once on each side."""


def score_case(
    reference: Labels,
    prediction: Labels,
    spacing_mm: Sequence[float],
    class_ids: Sequence[int],
    *,
    match_iou: Fraction = LOWEST_MATCH_IOU,
    connectivity: Connectivity = 26,
) -> CaseScore:
    """Compares two label maps of one grid.

    `reference` and `prediction` are 3D integer arrays of one shape; `spacing_mm` is the distance of the voxels
    along each of the arrays' axes, in their order. Labels not in `class_ids` count as background. A class that
    neither side has gets counts of 0 and no lesions.

    Raises ValueError when the shapes differ, an array is not a 3D integer array, a spacing is not positive, or
    `match_iou` is below 1/2.

    >>> reference = np.zeros((1, 1, 6), np.uint8)
    >>> reference[0, 0, :4] = 3
    >>> score = score_case(reference, np.roll(reference, 1, axis=2), (1.0, 1.0, 1.0), [3])
    >>> score.classes[3].dsc, score.lesions[0].iou, score.lesions[0].status
    (0.75, 0.6, 'TP')
    """
    _check(reference, prediction, spacing_mm)
    foreground = _box_around((reference != 0) | (prediction != 0))
    reference, prediction = reference[foreground], prediction[foreground]
    classes: dict[int, ClassCounts] = {}
    lesions: list[Lesion] = []
    for class_id in class_ids:
        reference_mask, prediction_mask = reference == class_id, prediction == class_id
        # Lesions are small beside a scan: labelling the box around a class costs a fraction of labelling the grid.
        box = _box_around(reference_mask | prediction_mask)
        of_reference = connected_components(reference_mask[box], connectivity)
        of_prediction = connected_components(prediction_mask[box], connectivity)
        overlaps = overlap.overlap_table(of_reference, of_prediction)
        found = match(overlaps, match_iou)
        classes[class_id] = ClassCounts(
            reference_voxels=int(of_reference.voxels.sum()),
            prediction_voxels=int(of_prediction.voxels.sum()),
            intersection_voxels=int(overlaps.intersection_voxels.sum()),
            tp=len(found),
            fp=of_prediction.count - len(found),
            fn=of_reference.count - len(found),
        )
        corner = np.array([outer.start + inner.start for outer, inner in zip(foreground, box, strict=True)])
        rows = _Rows(class_id, corner, np.asarray(spacing_mm, dtype=float))
        lesions += rows.of("reference", of_reference, _best(overlaps.reference_ids, overlaps.iou), found)
        found_by = {prediction_id: reference_id for reference_id, prediction_id in found.items()}
        lesions += rows.of("prediction", of_prediction, _best(overlaps.prediction_ids, overlaps.iou), found_by)
    return CaseScore(classes, tuple(lesions))


@dataclass(frozen=True)
class _Rows:
    """Makes the lesion rows of one class."""

    class_id: int
    corner: NDArray[np.int64]
    """Index in the whole array of the first voxel of the box that the components were labelled in."""
    spacing_mm: NDArray[np.float64]

    def of(
        self,
        side: Literal["reference", "prediction"],
        components: Components,
        best_iou: Mapping[int, float],
        matches: Mapping[int, int],
    ) -> list[Lesion]:
        missed: Literal["FN", "FP"] = "FN" if side == "reference" else "FP"
        voxel_mm3 = prod(self.spacing_mm.tolist())
        centroids_mm = (components.centroids() + self.corner) * self.spacing_mm
        sizes = components.voxels.tolist()
        return [
            Lesion(
                class_id=self.class_id,
                side=side,
                lesion_id=lesion_id,
                voxels=voxels,
                volume_mm3=voxels * voxel_mm3,
                centroid_mm=(first, second, third),
                matched_id=matches.get(lesion_id),
                iou=best_iou.get(lesion_id, 0.0),
                status="TP" if lesion_id in matches else missed,
            )
            for lesion_id, (voxels, (first, second, third)) in enumerate(
                zip(sizes, centroids_mm.tolist(), strict=True), start=1
            )
        ]


def _best(ids: NDArray[np.int64], iou: NDArray[np.float64]) -> dict[int, float]:
    """The highest IoU of each id that occurs."""
    best: dict[int, float] = {}
    for lesion_id, value in zip(ids.tolist(), iou.tolist(), strict=True):
        best[lesion_id] = max(value, best.get(lesion_id, 0.0))
    return best


def _box_around(mask: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """The smallest box that holds every True voxel; an empty box for an empty mask."""
    slices = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        filled = np.flatnonzero(mask.any(axis=others))
        slices.append(slice(int(filled[0]), int(filled[-1]) + 1) if filled.size else slice(0, 0))
    return slices[0], slices[1], slices[2]


def _check(reference: Labels, prediction: Labels, spacing_mm: Sequence[float]) -> None:
    for name, array in (("reference", reference), ("prediction", prediction)):
        if array.ndim != 3:
            raise ValueError(f"expected a 3D {name}, got shape {array.shape}")
        if not np.issubdtype(array.dtype, np.integer):
            raise ValueError(f"expected integer labels in the {name}, got {array.dtype}")
    if reference.shape != prediction.shape:
        raise ValueError(f"expected a prediction of the reference's shape {reference.shape}, got {prediction.shape}")
    if len(spacing_mm) != 3 or not all(np.isfinite(step) and step > 0 for step in spacing_mm):
        raise ValueError(f"expected three positive spacings in mm, got {tuple(spacing_mm)}")
