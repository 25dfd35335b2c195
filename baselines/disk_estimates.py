"""Estimates from above how much disk prepared cases and checkpoints take with either nnU-Net.

What does not compress at all was written, noise instead of images (nnunetv2 2.8.1, nnunet 1.7.1, numpy 2.4.6): an
image takes 3.6 bytes a voxel with v2, 3.7 with v1, and 2.0 where v1 keeps whole HU; its labels take next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from .stored_cases import StoredCase

_IMAGE = 4.0
# Of v1: what is unpacked for training, an image and its labels as float32; its coarser copy, of less than half of the
# voxels; and what it crops first and removes at the end.
_UNPACKED, _COARSER, _CROPPED = 8.0, 2.0, 2.5
# Beside each case: where its lesions are, 10,000 voxels of each type.
_PLACES = 4_000_000
_WEIGHT = 4
_MOMENTS = {"sgd": 1, "adamw": 2, "muon": 2}


def prepared_bytes(cases: Sequence[StoredCase], target_spacing_mm: Sequence[float]) -> int:
    """What nnU-Net v2 writes of the cases, resampled to a spacing along (z, y, x). 0 of none."""
    return round(sum(_PLACES + _IMAGE * _voxels(case, target_spacing_mm) for case in cases))


def prepared_bytes_v1(cases: Sequence[StoredCase], target_spacing_mm: Sequence[float]) -> int:
    """What nnU-Net v1 writes of them, at the time when it is most. 0 of none."""
    after = _IMAGE + _UNPACKED + _COARSER
    return round(sum(_PLACES + _CROPPED * case.voxels + after * _voxels(case, target_spacing_mm) for case in cases))


def checkpoint_bytes(parameters: int, optimizer: str) -> int:
    """A checkpoint of a network, at most: its weights, and what the optimizer keeps of each. Of matrices `muon` keeps
    half as much."""
    return parameters * _WEIGHT * (1 + _MOMENTS[optimizer])


def _voxels(case: StoredCase, target_mm: Sequence[float]) -> int:
    """After resampling."""
    return prod(round(size * old / new) for size, old, new in zip(case.shape, case.spacing_mm, target_mm, strict=True))
