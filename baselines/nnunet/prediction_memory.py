"""Estimates the memory that predictions take, and decides by it what is predicted, and in how many processes.

The memory of the network itself is not in the estimates: on a GPU it is the GPU's, on a CPU nobody knows it before.
Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import SimpleITK
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.preprocessing.resampling.default_resampling import compute_new_shape

from mswal_bench.baselines.preparation_memory_estimates import LIBRARIES_BYTES
from mswal_bench.baselines.processes import cores
from mswal_bench.baselines.worker_memory import free_memory

from .export_stage import PLANES_QUEUED
from .label_export import why_not_sparse

WORTH_VOXELS = 50_000_000
"""Of all images together, from which on processes for the stages before and after the network save more time than they
take to start: some seconds each."""
_GB = 1e9
_FLOAT, _HALF, _LABEL = 4, 2, 1
"""Bytes of an image's voxel as the network sees it, of a logit, of a label."""
_COPIES_OF_LABELS = 3
"""As they are made, uncropped, and in the image that is written."""


@dataclass(frozen=True)
class _Need:
    """Of one image; bytes, without libraries."""

    voxels: int
    """As stored."""
    prepare: float
    window: float
    """Of the image as the network sees it, and the sums of logits."""
    export: float

    @property
    def in_turn(self) -> float:
        return LIBRARIES_BYTES + max(self.prepare, self.window + self.export)


class PredictionMemory:
    """What the prediction of some images needs, and what it may take."""

    def __init__(self, predictor: nnUNetPredictor, images: Mapping[str, Path], memory_bytes: int | None) -> None:
        """`memory_bytes` is what this process and those it starts may take; None is what is free now."""
        self._allowed = free_memory() + LIBRARIES_BYTES if memory_bytes is None else memory_bytes
        self._is_given = memory_bytes is not None
        heads = predictor.label_manager.num_segmentation_heads
        self._streams = not why_not_sparse(predictor.configuration_manager, heads, predictor.label_manager)
        # One that cannot be read is left out; preparing it will tell.
        self._needs = {case: need for case, image in images.items() if (need := _need(image, predictor))}

    def do_not_fit(self) -> dict[str, str]:
        """The cases that need more than is allowed, with a sentence each."""
        source = "are given (--memory)" if self._is_given else "are free"
        return {
            case: f"its prediction needs about {need.in_turn / _GB:.1f} GB of memory, and {self._allowed / _GB:.1f} GB "
            f"{source}. Give the run more memory, or --memory GB where you know that it is enough."
            for case, need in self._needs.items()
            if need.in_turn > self._allowed
        }

    def allows_stages(self) -> bool:
        """Whether the stages before and after the network get processes of their own: they save time, and fit."""
        needs = [need for need in self._needs.values() if need.in_turn <= self._allowed]
        if not self._streams or cores() < 2 or len(needs) < 2 or sum(need.voxels for need in needs) < WORTH_VOXELS:
            return False
        # At once: the largest of each, of three images.
        largest: float = sum(max(part) for part in zip(*((n.prepare, n.window, n.export) for n in needs), strict=True))
        return 3 * LIBRARIES_BYTES + largest <= self._allowed


def _need(image: Path, predictor: nnUNetPredictor) -> _Need | None:
    """By the header alone; None for a file without a header of a volume."""
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(image))
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        return None
    if reader.GetDimension() != 3:
        return None
    axes = predictor.plans_manager.transpose_forward
    shape, spacing_mm = ([values[::-1][axis] for axis in axes] for values in (reader.GetSize(), reader.GetSpacing()))
    voxels, bytes_each = prod(shape), SimpleITK.Image([1] * 3, reader.GetPixelID()).GetSizeOfPixelComponent()
    configuration = predictor.configuration_manager
    after = [int(size) for size in compute_new_shape(shape, spacing_mm, configuration.spacing)]
    padded = [max(sizes) for sizes in zip(after, configuration.patch_size, strict=True)]
    of_plane = predictor.label_manager.num_segmentation_heads * prod(padded[1:]) * _HALF
    seen = prod(after) * _FLOAT
    copied = 0 if padded == after else prod(padded) * _FLOAT
    # On a GPU the sums are there, if they fit.
    sums = len(predictor.list_of_parameters) * configuration.patch_size[0] * of_plane
    return _Need(
        voxels=voxels,
        prepare=voxels * bytes_each * reader.GetNumberOfComponents() + seen,
        window=seen + copied + sums,
        export=voxels * _LABEL * _COPIES_OF_LABELS + PLANES_QUEUED * of_plane,
    )
