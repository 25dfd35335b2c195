"""Prepares one image for the network as nnU-Net's preprocessing does, and holds little beside the image and the result.

nnU-Net reads a volume as float32, copies it, normalises it, resamples it in float64, and resamples an empty
segmentation beside it that prediction throws away. Here the planes of the stored image are cropped, normalised and
resampled one by one.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import SimpleITK
from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from nnunetv2.preprocessing.resampling.default_resampling import (
    compute_new_shape,
    determine_do_sep_z_and_axis,
    resample_data_or_seg_to_shape,
)
from nnunetv2.utilities.plans_handling.plans_handler import ConfigurationManager, PlansManager
from numpy.typing import NDArray

from .image_resampling import resample_image

_CUBIC: Final = {"is_seg": False, "order": 3, "order_z": 0}
_FREE: Final = frozenset({"force_separate_z"})
_LEAST_DEVIATION: Final = 1e-8
"""nnU-Net's, by which it divides where all intensities are alike."""


def prepare_image(
    image: Path, plans: PlansManager, configuration: ConfigurationManager, dataset_json: Mapping[str, Any]
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """The image (channel, z, y, x) on the network's grid, and what nnU-Net's export wants to know of it.

    Both are what `DefaultPreprocessor.run_case` gives without a segmentation, up to the last bit of a few values
    (`image_resampling.py`). An image that is no CT of one channel, and plans that nnU-Net does not make by itself, are
    left to the plans' own preprocessor. Raises RuntimeError when the file cannot be read.
    """
    if _is_planned_as_known(plans, configuration):
        stored = SimpleITK.ReadImage(str(image))
        spacing = [stored.GetSpacing()[2 - axis] for axis in plans.transpose_forward] if _is_volume(stored) else []
        separate, axis = _slices_apart(configuration, spacing) if spacing else (False, None)
        if spacing and axis in (None, 0):
            return _prepared(stored, plans, configuration, slices_apart=separate)
        del stored
    whole, _, properties = configuration.preprocessor_class(verbose=False).run_case(
        [str(image)], None, plans, configuration, dict(dataset_json)
    )
    return whole, properties


def _is_planned_as_known(plans: PlansManager, configuration: ConfigurationManager) -> bool:
    resample = configuration.resampling_fn_data
    return bool(
        plans.image_reader_writer_class is SimpleITKIO
        and configuration.preprocessor_class is DefaultPreprocessor
        and configuration.normalization_schemes == ["CTNormalization"]
        and isinstance(resample, partial)
        and resample.func is resample_data_or_seg_to_shape
        and resample.keywords.items() >= _CUBIC.items()
        and not resample.keywords.keys() - _CUBIC.keys() - _FREE
        and len(configuration.spacing) == 3
    )


def _is_volume(stored: SimpleITK.Image) -> bool:
    return stored.GetDimension() == 3 and stored.GetNumberOfComponentsPerPixel() == 1


def _slices_apart(configuration: ConfigurationManager, spacing: list[float]) -> tuple[bool, int | None]:
    """Whether slices are resampled one by one, and along which axis they lie."""
    force = configuration.resampling_fn_data.keywords.get("force_separate_z", False)
    separate, axis = determine_do_sep_z_and_axis(force, spacing, configuration.spacing)
    return separate, None if axis is None else int(axis)


def _prepared(
    stored: SimpleITK.Image, plans: PlansManager, configuration: ConfigurationManager, *, slices_apart: bool
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    spacing = [float(size) for size in np.abs(stored.GetSpacing()[::-1])]
    voxels = SimpleITK.GetArrayViewFromImage(stored).transpose(plans.transpose_forward)
    box = nonzero_box(voxels)
    cropped = voxels[tuple(slice(*ends) for ends in box)]
    turned = [spacing[axis] for axis in plans.transpose_forward]
    new_shape = compute_new_shape(cropped.shape, turned, configuration.spacing)
    normalise = _Normalisation(plans.foreground_intensity_properties_per_channel["0"])
    extremes = np.array([cropped.min(), cropped.max()])
    low, high = normalise(extremes).tolist()
    prepared = resample_image(
        lambda z: normalise(cropped[z]), cropped.shape, new_shape, (low, high), slices_apart=slices_apart
    )
    properties = {
        "sitk_stuff": {
            "spacing": stored.GetSpacing(),
            "origin": stored.GetOrigin(),
            "direction": stored.GetDirection(),
        },
        "spacing": spacing,
        "shape_before_cropping": voxels.shape,
        "bbox_used_for_cropping": box,
        "shape_after_cropping_and_before_resampling": cropped.shape,
    }
    return prepared[None], properties


def nonzero_box(voxels: NDArray[Any]) -> list[list[int]]:
    """The first voxel that is not 0 and the one after the last, along each axis; all of an image of nothing but 0."""
    along_z = np.zeros(voxels.shape[0], bool)
    along_y, along_x = np.zeros(voxels.shape[1], bool), np.zeros(voxels.shape[2], bool)
    for z, plane in enumerate(voxels):
        # As float32, in which nnU-Net looks.
        found = plane.astype(np.float32) != 0
        along_z[z] = found.any()
        along_y |= found.any(axis=1)
        along_x |= found.any(axis=0)
    if not along_z.any():
        return [[0, size] for size in voxels.shape]
    ends = [np.flatnonzero(along)[[0, -1]].tolist() for along in (along_z, along_y, along_x)]
    return [[first, last + 1] for first, last in ends]


class _Normalisation:
    """nnU-Net's of CT: intensities within two percentiles, less the mean, by the standard deviation; in float32."""

    def __init__(self, intensities: Mapping[str, float]) -> None:
        self._within = intensities["percentile_00_5"], intensities["percentile_99_5"]
        self._mean = intensities["mean"]
        self._deviation = max(intensities["std"], _LEAST_DEVIATION)

    def __call__(self, voxels: NDArray[Any]) -> NDArray[np.float32]:
        values = voxels.astype(np.float32)
        np.clip(values, *self._within, out=values)
        values -= self._mean
        values /= self._deviation
        return values
