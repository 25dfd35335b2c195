"""Summarises an image in one pass without holding it: its range of values and a digest of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import inf, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .stored_volume import StoredVolume, read_voxels

_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True)
class VoxelSummary:
    """The voxels of a volume, scaled as its header says."""

    lowest: float
    """Of the finite voxels; NaN where there is none."""
    highest: float
    not_finite: int
    """Voxels that are NaN or infinite."""
    digest: str
    """SHA-256 of shape and values. Whole numbers of 16 bits, which CTs are, have one digest whatever type and
    compression they are stored with."""


def summarize_voxels(stored: StoredVolume) -> VoxelSummary:
    """Reads the file to its end. Raises VolumeError for one that is damaged."""
    digest = hashlib.sha256(repr(stored.geometry.shape).encode())
    lowest, highest, not_finite = inf, -inf, 0
    for block in read_voxels(stored):
        values = stored.scaled(block)
        low, high = values.min(), values.max()
        # One that is not finite makes its block's extremes so too.
        if not (np.isfinite(low) and np.isfinite(high)):
            finite = values[np.isfinite(values)]
            not_finite += values.size - finite.size
            low, high = (finite.min(), finite.max()) if finite.size else (inf, -inf)
        lowest, highest = min(lowest, float(low)), max(highest, float(high))
        digest.update(_one_form(values))
    if lowest > highest:
        lowest = highest = nan
    return VoxelSummary(lowest, highest, not_finite, digest.hexdigest())


def _one_form(values: NDArray[Any]) -> memoryview:
    """Equal values in equal bytes, of whichever type they came."""
    whole = values.astype("<i2") if _are_16_bits(values) else values.astype("<f8")
    return whole.data


def _are_16_bits(values: NDArray[Any]) -> bool:
    if values.dtype.newbyteorder("=") == np.int16:
        return True
    if not (values.min() >= _INT16.min and values.max() <= _INT16.max):
        return False
    return bool(np.issubdtype(values.dtype, np.integer) or (np.rint(values) == values).all())
