"""Computes the normalisation of intensities that nnU-Net takes from the lesions of a data set.

Both versions clip an image at the 0.5 and 99.5 percentiles of HU in labelled voxels, subtract their mean and divide by
their standard deviation. v2 draws equally many voxels of each case with a lesion, v1 takes every tenth of all.
Here are the numbers that the drawing has on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .case_intensities import HIGHEST_HU, LOWEST_HU, CaseIntensities

Version = Literal["nnU-Net v2", "nnU-Net v1"]
VERSIONS: tuple[Version, ...] = ("nnU-Net v2", "nnU-Net v1")
_HU = np.arange(LOWEST_HU, HIGHEST_HU + 1)


@dataclass(frozen=True)
class Normalisation:
    """Says what is done to an image; in HU."""

    lowest: float
    """Is what lower values are raised to."""
    highest: float
    mean: float
    deviation: float
    """Is the standard deviation, by which contrasts are divided."""

    def clipped_share(self, histogram: NDArray[np.int64]) -> float:
        """Returns the share of voxels that are raised or lowered; NaN without any."""
        beyond = (self.lowest > _HU) | (self.highest < _HU)
        total = histogram.sum()
        return float(histogram[beyond].sum() / total) if total else float("nan")


def normalisation(cases: Sequence[CaseIntensities], version: Version) -> Normalisation | None:
    """Returns the normalisation that these training cases lead to; None where no voxel is labelled."""
    weights = np.zeros(len(_HU))
    for case in cases:
        of_case = sum(case.histograms.values(), np.zeros(len(_HU), np.int64))
        if of_case.any():
            weights += of_case / of_case.sum() if version == "nnU-Net v2" else of_case
    if not weights.any():
        return None
    weights /= weights.sum()
    mean = float(weights @ _HU)
    deviation = float(np.sqrt(weights @ (_HU - mean) ** 2))
    return Normalisation(quantile_hu(weights, 0.005), quantile_hu(weights, 0.995), mean, deviation)


def quantile_hu(weights: NDArray[np.generic], share: float) -> float:
    """Returns the lowest HU up to which `share` of the voxels lie; `weights` are of each HU and not all 0."""
    summed = np.cumsum(weights)
    return float(_HU[np.searchsorted(summed, share * summed[-1] * (1 - 1e-12))])
