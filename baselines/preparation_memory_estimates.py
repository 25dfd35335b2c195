"""Estimates the peak memory of a worker of either nnU-Net that prepares a data set.

Measured as the largest resident memory of a process that prepared one case of seven lesion types and one channel
(nnunetv2 2.8.1, nnunet 1.7.1, numpy 2.4.6, volumes of 48 and 66 million voxels, resampled to 0.5 to 2 times as many).
The formulas lie above all that was measured, by a quarter at most: `test_preparation_memory_estimates.py` has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from pathlib import Path

from .case_failures import unreadable_image
from .method import MethodError

# Python with torch, nnU-Net and what they import.
LIBRARIES_BYTES = 460_000_000
# Of both nnU-Nets: from this ratio of the sides of a voxel on, slices are resampled one by one.
_ANISOTROPIC = 3


def bytes_to_read(voxels: int, bytes_per_voxel: int) -> float:
    """What reading and cropping a volume takes: of nnU-Net v2 12.1 bytes a voxel were measured, of v1 34.1."""
    return LIBRARIES_BYTES + bytes_per_voxel * voxels


V2_READS, V1_READS = 13, 36
"""Bytes a voxel, for `bytes_to_read`."""


def bytes_to_resample(
    cases: Iterable[tuple[Sequence[int], Sequence[float]]], target_spacing_mm: Sequence[float]
) -> float:
    """What preprocessing takes for the one of the cases that takes most; each is its shape and its spacing in mm, with
    axes as the target's. Without a case, what a worker that does nothing takes.
    """
    return max((_of_case(*case, target_spacing_mm) for case in cases), default=LIBRARIES_BYTES)


def _of_case(shape: Sequence[int], spacing_mm: Sequence[float], target_mm: Sequence[float]) -> float:
    before, after, same = _voxels(shape, spacing_mm, target_mm)
    if same:
        return LIBRARIES_BYTES + 21 * before
    # Slices that are resampled one by one are then resampled along the body, at coordinates that are held for every
    # voxel: six numbers of 8 bytes.
    one_by_one = any(max(spacing) > _ANISOTROPIC * min(spacing) for spacing in (spacing_mm, target_mm))
    of_before, of_after = (27, 72) if one_by_one else (37, 27)
    return LIBRARIES_BYTES + of_before * before + of_after * after


def _voxels(shape: Sequence[int], spacing_mm: Sequence[float], target_mm: Sequence[float]) -> tuple[int, int, bool]:
    """Before and after resampling, and whether nothing is resampled."""
    resampled = [round(size * old / new) for size, old, new in zip(shape, spacing_mm, target_mm, strict=True)]
    return prod(shape), prod(resampled), resampled == list(shape)


def bytes_plane_by_plane(
    cases: Iterable[tuple[Sequence[int], Sequence[float]]], target_spacing_mm: Sequence[float]
) -> float:
    """As `bytes_to_resample`, where cases are prepared plane by plane (`nnunet/case_preparation.py`)."""
    need: float = LIBRARIES_BYTES
    for shape, spacing_mm in cases:
        before, after, same = _voxels(shape, spacing_mm, target_spacing_mm)
        need = max(need, LIBRARIES_BYTES + max(12 * before, 0 if same else 8 * before + 8.3 * after))
    return need


def most_voxels(images: Iterable[Path]) -> int:
    """Of the largest of the images, by their headers alone; 0 without any. Raises MethodError for one without."""
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    most = 0
    for image in images:
        reader.SetFileName(str(image))
        try:
            reader.ReadImageInformation()
        except RuntimeError as error:
            raise MethodError(f"{image}: {unreadable_image(error) or error}") from error
        most = max(most, prod(reader.GetSize()))
    return most
