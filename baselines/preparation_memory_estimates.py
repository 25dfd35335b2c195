"""Estimates the peak memory of a worker of either nnU-Net that prepares a data set.

Measured as the largest resident memory of a process that prepared one case of seven lesion types and one channel
(nnunetv2 2.8.1, nnunet 1.7.1, numpy 2.4.6, SimpleITK 2.5.6, volumes of 48 to 285 million voxels, resampled to 0.5 to 2
times as many). The formulas lie above all that was measured, by a quarter at most:
`test_preparation_memory_estimates.py` has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from .stored_cases import ANISOTROPIC, StoredCase

LIBRARIES_BYTES = 460_000_000
"""Of a worker that does nothing: Python with torch, nnU-Net and what they import."""
# Of SimpleITK: a volume while it is read, by the size of a voxel. It is held twice; numbers of four bytes may have been
# stored scaled, in another kind of number.
_WHILE_READ = {1: 2.1, 2: 4.2, 4: 10.5, 8: 17.0}


def bytes_to_read(case: StoredCase) -> float:
    """What looking at a case for the fingerprint takes (`nnunet/case_fingerprint.py`)."""
    if not case.whole_labels:
        # Left to nnU-Net, which reads everything as float32 and copies it.
        return LIBRARIES_BYTES + 17 * case.voxels
    # The labels first, of which a bit a voxel stays.
    return LIBRARIES_BYTES + max(while_read(case.image_bytes), while_read(case.label_bytes)) * case.voxels


def bytes_to_read_v1(case: StoredCase) -> float:
    """What reading and cropping a case takes with nnU-Net v1: 34.1 bytes a voxel were measured."""
    return LIBRARIES_BYTES + 36 * case.voxels


def bytes_plane_by_plane(case: StoredCase, target_spacing_mm: Sequence[float]) -> float:
    """What preprocessing a case takes plane by plane (`nnunet/case_preparation.py`)."""
    before, after, same = _voxels(case, target_spacing_mm)
    reading = case.image_bytes + while_read(case.label_bytes)
    preparing = (10 + case.image_bytes) * before
    resampling = 0 if same else (6 + case.image_bytes) * before + 8.3 * after
    return LIBRARIES_BYTES + max(reading * before, preparing, resampling)


def bytes_to_resample(case: StoredCase, target_spacing_mm: Sequence[float]) -> float:
    """What preprocessing a case takes with nnU-Net itself, of either version; the target's axes are the case's."""
    before, after, same = _voxels(case, target_spacing_mm)
    if same:
        return LIBRARIES_BYTES + 21 * before
    # Slices that are resampled one by one are then resampled along the body, at coordinates that are held for every
    # voxel: six numbers of 8 bytes.
    one_by_one = any(max(spacing) > ANISOTROPIC * min(spacing) for spacing in (case.spacing_mm, target_spacing_mm))
    of_before, of_after = (27, 72) if one_by_one else (37, 27)
    return LIBRARIES_BYTES + of_before * before + of_after * after


def while_read(voxel_bytes: int) -> float:
    """Bytes a voxel that SimpleITK takes while it reads a volume of so many bytes a voxel."""
    return _WHILE_READ.get(voxel_bytes, 2.1 * voxel_bytes)


def _voxels(case: StoredCase, target_mm: Sequence[float]) -> tuple[int, int, bool]:
    """Before and after resampling, and whether nothing is resampled."""
    resampled = [round(size * old / new) for size, old, new in zip(case.shape, case.spacing_mm, target_mm, strict=True)]
    return case.voxels, prod(resampled), resampled == list(case.shape)
