"""How much two sides share: DSC and F1 from counts, and which components lie on which.

Ratios are made here from integer counts, and only here. What is undefined is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from .components import Components


def dsc(reference_voxels: int, prediction_voxels: int, intersection_voxels: int) -> float:
    """Dice similarity coefficient, 2|P∩R| / (|P| + |R|). NaN when both are empty, 0 when just one is.

    The convention is that of nnU-Net's evaluation.
    """
    total = reference_voxels + prediction_voxels
    return 2 * intersection_voxels / total if total else nan


def f1(tp: int, fp: int, fn: int) -> float:
    """2TP / (2TP + FP + FN) over lesions. NaN when all three are 0."""
    total = 2 * tp + fp + fn
    return 2 * tp / total if total else nan


@dataclass(frozen=True)
class OverlapTable:
    """The pairs of a reference and a predicted component that share at least one voxel, one entry a pair."""

    reference_ids: NDArray[np.int64]
    prediction_ids: NDArray[np.int64]
    intersection_voxels: NDArray[np.int64]
    union_voxels: NDArray[np.int64]

    @property
    def iou(self) -> NDArray[np.float64]:
        """Intersection over union of each pair: for people to read. Decisions compare the integers."""
        return self.intersection_voxels / self.union_voxels


def overlap_table(reference: Components, prediction: Components) -> OverlapTable:
    """Finds the overlapping pairs, ordered by reference id, then by predicted id. Both label arrays have one shape.

    A side without components gives an empty table.
    """
    both = (reference.labels > 0) & (prediction.labels > 0)
    # One integer a pair, so that counting the pairs is one sort of the shared voxels.
    width = prediction.count + 1
    keys = reference.labels[both].astype(np.int64) * width + prediction.labels[both]
    pairs, intersection = np.unique(keys, return_counts=True)
    reference_ids, prediction_ids = np.divmod(pairs, width)
    union = reference.voxels[reference_ids - 1] + prediction.voxels[prediction_ids - 1] - intersection
    return OverlapTable(reference_ids, prediction_ids, intersection.astype(np.int64), union)
