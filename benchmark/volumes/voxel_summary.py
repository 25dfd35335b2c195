"""Summarises an image in one pass, without holding it: the range of its values and their digest."""

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
    """Summarises the values of a volume, scaled as its header says."""

    lowest: float
    """Is the lowest finite value; NaN when there is none."""
    highest: float
    """Is the highest finite value; NaN when there is none."""
    not_finite: int
    """Counts the voxels that are NaN or infinite."""
    digest: str
    """Is the SHA-256 of shape and values. For whole numbers within 16 bits, as in a CT, it does not depend on the type
    and the compression with which they are stored."""


def summarize_voxels(stored: StoredVolume) -> VoxelSummary:
    """Reads the file to its end and summarises its values. Raises VolumeError for one that is damaged."""
    digest = hashlib.sha256(repr(stored.geometry.shape).encode())
    lowest, highest, not_finite = inf, -inf, 0
    for block in read_voxels(stored):
        values = stored.scaled(block)
        low, high = values.min(), values.max()
        # A value that is not finite makes its block's extremes not finite too.
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
    """Returns equal bytes for equal values, whatever their type."""
    whole = values.astype("<i2") if _are_16_bits(values) else values.astype("<f8")
    return whole.data


def _are_16_bits(values: NDArray[Any]) -> bool:
    if values.dtype.newbyteorder("=") == np.int16:
        return True
    if not (values.min() >= _INT16.min and values.max() <= _INT16.max):
        return False
    return bool(np.issubdtype(values.dtype, np.integer) or (np.rint(values) == values).all())
