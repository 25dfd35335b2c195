"""Estimates the memory that predictions take, and decides by it what is predicted, and in how many processes.

The memory of the network itself is not in the estimates: on a GPU it is the GPU's, on a CPU nobody knows it before.
Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from nnunetv2.preprocessing.resampling.default_resampling import compute_new_shape

from mswal_bench.baselines.preparation_memory_estimates import LIBRARIES_BYTES, bytes_to_resample, while_read
from mswal_bench.baselines.processes import cores
from mswal_bench.baselines.stored_cases import StoredCase, stored_images
from mswal_bench.baselines.too_large_cases import MORE_MEMORY
from mswal_bench.baselines.worker_memory import gb, room_for_workers

from .export_stage import PLANES_QUEUED
from .fold_networks import FoldNetworks
from .image_preparation import is_prepared_by_plane
from .label_export import why_not_sparse

WORTH_VOXELS = 50_000_000
"""Of all images together, from which on processes for the stages before and after the network save more time than they
take to start: some seconds each."""
_FLOAT, _HALF, _LABEL = 4, 2, 1
"""Bytes of an image's voxel as the network sees it, of a logit, of a label."""
_COPIES_OF_LABELS = 3
"""As they are made, uncropped, and in the image that is written."""
_RESAMPLED = 10
"""Bytes of a logit that nnU-Net resamples: 9.1 were measured."""


@dataclass(frozen=True)
class _Need:
    """Of one image, in bytes."""

    prepare: float
    window: float
    """Of the image as the network sees it, and the sums of logits."""
    export: float

    @property
    def in_turn(self) -> float:
        return max(self.prepare, self.window + self.export)


class PredictionMemory:
    """What the prediction of some images needs, and what it may take beside what this process holds."""

    def __init__(self, networks: FoldNetworks, images: Mapping[str, Path], memory_bytes: int | None) -> None:
        """`memory_bytes` is what this process and those it starts may take; None is what is free now."""
        self._room = room_for_workers(memory_bytes)
        # One that cannot be read is left out; preparing it will tell.
        self._images = {image.name: image for image in stored_images(images)}
        self._needs = {case: _need(image, networks) for case, image in self._images.items()}
        self._streams = _streams(networks)

    def do_not_fit(self) -> dict[str, str]:
        """The cases that need more than there is room for, with a sentence each."""
        return {
            case: f"its prediction needs about {gb(need.in_turn)} of memory, by estimate and without the network: "
            f"{self._room.reason}. {MORE_MEMORY}."
            for case, need in self._needs.items()
            if need.in_turn > self._room.bytes
        }

    def allows_stages(self) -> bool:
        """Whether the stages before and after the network get processes of their own: they save time, and fit."""
        fit = {case: need for case, need in self._needs.items() if need.in_turn <= self._room.bytes}
        if not self._streams or cores() < 2 or len(fit) < 2:
            return False
        if sum(self._images[case].voxels for case in fit) < WORTH_VOXELS:
            return False
        # At once: the largest of each, of three images.
        parts = zip(*((need.prepare, need.window, need.export) for need in fit.values()), strict=True)
        largest: float = sum(map(max, parts))
        return 2 * LIBRARIES_BYTES + largest <= self._room.bytes


def _streams(networks: FoldNetworks) -> bool:
    """Whether label maps are made plane by plane, and not by nnU-Net of all logits."""
    heads = networks.labels.num_segmentation_heads
    return not why_not_sparse(networks.configuration, heads, networks.labels)


def _need(image: StoredCase, networks: FoldNetworks) -> _Need:
    plans, configuration = networks.plans, networks.configuration
    axes, heads = plans.transpose_forward, networks.labels.num_segmentation_heads
    shape, spacing_mm = ([values[axis] for axis in axes] for values in (image.shape, image.spacing_mm))
    after = [int(size) for size in compute_new_shape(shape, spacing_mm, configuration.spacing)]
    padded = [max(sizes) for sizes in zip(after, configuration.patch_size, strict=True)]
    of_plane = heads * prod(padded[1:]) * _HALF
    seen = prod(after) * _FLOAT
    if is_prepared_by_plane(plans, configuration, spacing_mm):
        prepare = max(image.voxels * while_read(image.image_bytes), image.voxels * image.image_bytes + seen)
    else:
        prepare = bytes_to_resample(
            replace(image, shape=tuple(shape), spacing_mm=tuple(spacing_mm)), configuration.spacing
        )
        prepare -= LIBRARIES_BYTES
    export = image.voxels * _LABEL * _COPIES_OF_LABELS + PLANES_QUEUED * of_plane
    if not _streams(networks):
        export = heads * (prod(after) * _HALF + image.voxels * _RESAMPLED)
    copied = 0 if padded == after else prod(padded) * _FLOAT
    # On a GPU the sums are there, if they fit.
    sums = len(networks.weights) * configuration.patch_size[0] * of_plane
    return _Need(prepare=prepare, window=seen + copied + sums, export=export)
