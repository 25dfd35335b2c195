"""Computes DSC and F1 from counts, and finds which components overlap.

These ratios are computed here alone, from integer counts. An undefined one is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from .components import Components
from .foreground import Indices, numbered


def dsc(reference_voxels: int, prediction_voxels: int, intersection_voxels: int) -> float:
    """Returns the Dice similarity coefficient, 2|P∩R| / (|P| + |R|): NaN when both sides are empty, 0 when one is.

    nnU-Net's evaluation has the same convention.
    """
    total = reference_voxels + prediction_voxels
    return 2 * intersection_voxels / total if total else nan


def f1(tp: int, fp: int, fn: int) -> float:
    """Returns F1 over lesions, 2TP / (2TP + FP + FN); NaN when all three are 0."""
    total = 2 * tp + fp + fn
    return 2 * tp / total if total else nan


@dataclass(frozen=True, eq=False)
class OverlapTable:
    """Lists the pairs of a reference and a predicted component of one class that share a voxel, one entry each."""

    reference: Indices
    """Is the reference component's place in `Components`, from 0 over all classes."""
    prediction: Indices
    """Is the predicted component's place in `Components`, from 0 over all classes."""
    intersection_voxels: Indices
    union_voxels: Indices

    @property
    def iou(self) -> NDArray[np.float64]:
        """Returns the IoU of each pair, for people to read; matches are decided on the integers."""
        return self.intersection_voxels / self.union_voxels

    @property
    def dsc(self) -> NDArray[np.float64]:
        """Returns the DSC of each pair."""
        return 2 * self.intersection_voxels / (self.union_voxels + self.intersection_voxels)


def overlap_table(reference: Components, prediction: Components) -> OverlapTable:
    """Finds the overlapping pairs, ordered by reference component, then by predicted component.

    Both label maps must have the same shape. A side without components gives an empty table.
    """
    of_reference, of_prediction = reference.foreground, prediction.foreground
    # Runs are disjoint and sorted, so the predicted runs that meet a run of the reference follow each other.
    first = np.searchsorted(of_prediction.ends, of_reference.starts, side="right")
    counts = np.searchsorted(of_prediction.starts, of_reference.ends, side="left") - first
    left = np.repeat(np.arange(counts.size), counts)
    right = np.repeat(first, counts) + numbered(counts)
    alike = of_reference.class_ids[left] == of_prediction.class_ids[right]
    left, right = left[alike], right[alike]
    shared = np.minimum(of_reference.ends[left], of_prediction.ends[right]) - np.maximum(
        of_reference.starts[left], of_prediction.starts[right]
    )
    # One integer stands for a pair of components, so that one sort adds up its runs.
    width = max(1, prediction.count)
    keys, pair = np.unique(reference.of_run[left] * width + prediction.of_run[right], return_inverse=True)
    intersection = np.bincount(pair, shared, keys.size).astype(np.int64)
    reference_numbers, prediction_numbers = np.divmod(keys, width)
    union = reference.voxels[reference_numbers] + prediction.voxels[prediction_numbers] - intersection
    return OverlapTable(reference_numbers, prediction_numbers, intersection, union)
