"""Prepares one image for the network as nnU-Net's preprocessing does, and holds little beside the image and the result.

nnU-Net reads a volume as float32, copies it, normalises it, resamples it in float64, and resamples an empty
segmentation beside it that prediction throws away. Here the planes of the stored image are cropped, normalised and
resampled one by one.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from .nonzero_crop import nonzero_box

_CUBIC: Final = {"is_seg": False, "order": 3, "order_z": 0}
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
    if is_planned_as_usual(plans, configuration):
        cropped = CroppedImage.read(image, plans, configuration)
        if cropped is not None:
            return cropped.prepared()[None], cropped.properties
    whole, _, properties = configuration.preprocessor_class(verbose=False).run_case(
        [str(image)], None, plans, configuration, dict(dataset_json)
    )
    return whole, properties


def is_planned_as_usual(plans: PlansManager, configuration: ConfigurationManager) -> bool:
    """Whether the plans are of a CT, read and resampled as nnU-Net plans it by itself."""
    resample = configuration.resampling_fn_data
    usual: bool = (
        plans.image_reader_writer_class is SimpleITKIO
        and issubclass(configuration.preprocessor_class, DefaultPreprocessor)
        and configuration.preprocessor_class.__name__ == DefaultPreprocessor.__name__
        and configuration.normalization_schemes == ["CTNormalization"]
        and isinstance(resample, partial)
        and resample.func is resample_data_or_seg_to_shape
        and resample.keywords == _CUBIC | {"force_separate_z": resample.keywords.get("force_separate_z")}
        and len(configuration.spacing) == 3
    )
    return usual


def is_prepared_by_plane(plans: PlansManager, configuration: ConfigurationManager, spacing_mm: Sequence[float]) -> bool:
    """Whether images of such a spacing, along the plans' axes, are prepared plane by plane and not left to nnU-Net."""
    if not is_planned_as_usual(plans, configuration):
        return False
    apart, axis = slices_apart(configuration, spacing_mm)
    return not apart or axis == 0


def slices_apart(configuration: ConfigurationManager, spacing_mm: Sequence[float]) -> tuple[bool, int | None]:
    """Whether nnU-Net resamples images of such a spacing slice by slice, and along which axis the slices lie."""
    force_separate_z = configuration.resampling_fn_data.keywords["force_separate_z"]
    apart, axis = determine_do_sep_z_and_axis(force_separate_z, spacing_mm, configuration.spacing)
    return apart, None if axis is None else int(axis)


@dataclass(frozen=True, eq=False)
class CroppedImage:
    """A CT as it is stored, along the axes of the plans (z, y, x), without the planes of nothing but 0 around it."""

    voxels: NDArray[Any]
    """Of the stored type."""
    shape: tuple[int, ...]
    """On the network's grid."""
    properties: dict[str, Any]
    """What nnU-Net's export wants to know."""
    slices_apart: bool
    """Whether slices are resampled one by one, as nnU-Net does where voxels are long along z."""
    normalise: Normalisation
    stored: SimpleITK.Image
    """Owns the voxels, and must live as long as they."""

    @classmethod
    def read(cls, path: Path, plans: PlansManager, configuration: ConfigurationManager) -> CroppedImage | None:
        """None for what is not one channel in three dimensions, and where slices are apart along another axis."""
        stored = SimpleITK.ReadImage(str(path))
        if stored.GetDimension() != 3 or stored.GetNumberOfComponentsPerPixel() != 1:
            return None
        spacing = [float(size) for size in np.abs(stored.GetSpacing()[::-1])]
        turned = [spacing[axis] for axis in plans.transpose_forward]
        apart, axis = slices_apart(configuration, turned)
        if apart and axis != 0:
            return None
        whole = SimpleITK.GetArrayViewFromImage(stored).transpose(plans.transpose_forward)
        box = nonzero_box(whole)
        voxels = whole[tuple(slice(*ends) for ends in box)]
        properties = {
            "sitk_stuff": {
                "spacing": stored.GetSpacing(),
                "origin": stored.GetOrigin(),
                "direction": stored.GetDirection(),
            },
            "spacing": spacing,
            "shape_before_cropping": whole.shape,
            "bbox_used_for_cropping": box,
            "shape_after_cropping_and_before_resampling": voxels.shape,
        }
        shape = tuple(int(size) for size in compute_new_shape(voxels.shape, turned, configuration.spacing))
        normalise = Normalisation(plans.foreground_intensity_properties_per_channel["0"])
        return cls(voxels, shape, properties, apart, normalise, stored)

    def prepared(self) -> NDArray[np.float32]:
        """(z, y, x) on the network's grid, normalised."""
        low, high = self.normalise(np.array([self.voxels.min(), self.voxels.max()])).tolist()
        return resample_image(
            lambda z: self.normalise(self.voxels[z]),
            self.voxels.shape,
            self.shape,
            (low, high),
            slices_apart=self.slices_apart,
        )


class Normalisation:
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
