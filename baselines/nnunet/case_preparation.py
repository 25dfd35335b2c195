"""Prepares training cases for nnU-Net as its own preprocessing does, in a fraction of its time and memory.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape
from nnunetv2.utilities.plans_handling.plans_handler import ConfigurationManager, PlansManager
from numpy.typing import NDArray

from .image_preparation import CroppedImage, is_planned_as_usual, is_prepared_by_plane, slices_apart
from .interpolation import grid_taps
from .label_resampling import resample_labels
from .nonzero_crop import OUTSIDE, mark_outside


class PlaneByPlane(DefaultPreprocessor):  # type: ignore[misc]
    """nnU-Net's preprocessing of a data set, of which each case is prepared plane by plane.

    What is stored is nnU-Net's own, up to the last bit of a few intensities (`image_resampling.py`). A case or plans
    that `image_preparation.py` does not know are left to nnU-Net.
    """

    def run_case(
        self,
        image_files: Sequence[str],
        seg_file: str | None,
        plans_manager: PlansManager,
        configuration_manager: ConfigurationManager,
        dataset_json: Mapping[str, Any],
    ) -> tuple[NDArray[np.float32], NDArray[Any], dict[str, Any]]:
        """The image and the labels (channel, z, y, x) on the network's grid, and what nnU-Net keeps of the case."""
        case = None
        if seg_file is not None and len(image_files) == 1 and _is_usual(plans_manager, configuration_manager):
            case = _read(Path(image_files[0]), Path(seg_file), plans_manager, configuration_manager)
        if case is None:
            whole: tuple[NDArray[np.float32], NDArray[Any], dict[str, Any]] = super().run_case(
                image_files, seg_file, plans_manager, configuration_manager, dataset_json
            )
            return whole
        image, labels = case
        mark_outside(labels, image.voxels)
        resampled = _resampled(labels, image, plans_manager, configuration_manager)[None]
        manager = plans_manager.get_label_manager(dataset_json)
        sampled = list(manager.foreground_regions if manager.has_regions else manager.foreground_labels)
        if manager.has_ignore_label:
            sampled.append([OUTSIDE, *manager.all_labels])
        image.properties["class_locations"] = self._sample_foreground_locations(resampled, sampled)
        smallest = np.int16 if resampled.max() > 127 else np.int8
        return image.prepared()[None], resampled.astype(smallest), image.properties


def is_known(plans: PlansManager, configuration: ConfigurationManager, spacing_mm: Sequence[float]) -> bool:
    """Whether CTs of such a spacing, along the plans' axes, are prepared plane by plane and not left to nnU-Net."""
    return _is_usual(plans, configuration) and is_prepared_by_plane(plans, configuration, spacing_mm)


def _is_usual(plans: PlansManager, configuration: ConfigurationManager) -> bool:
    resample = configuration.resampling_fn_seg
    linear = {"is_seg": True, "order": 1, "order_z": 0}
    known: bool = (
        is_planned_as_usual(plans, configuration)
        and resample.func is resample_data_or_seg_to_shape
        and resample.keywords.items() >= linear.items()
        and resample.keywords
        == linear | {"force_separate_z": configuration.resampling_fn_data.keywords["force_separate_z"]}
    )
    return known


def _read(
    image_file: Path, label_file: Path, plans: PlansManager, configuration: ConfigurationManager
) -> tuple[CroppedImage, NDArray[np.int16]] | None:
    """A case, cropped to what is not 0 of its image; None for one that only nnU-Net knows what to do with."""
    image = CroppedImage.read(image_file, plans, configuration)
    if image is None:
        return None
    # A view does not keep alive the image that it looks into.
    stored = SimpleITK.ReadImage(str(label_file))
    view = SimpleITK.GetArrayViewFromImage(stored)
    if view.ndim != 3 or view.dtype.kind not in "iu":
        return None
    labels = view.transpose(plans.transpose_forward)
    if labels.shape != image.properties["shape_before_cropping"]:
        return None
    box = tuple(slice(*ends) for ends in image.properties["bbox_used_for_cropping"])
    return image, labels[box].astype(np.int16)


def _resampled(
    labels: NDArray[np.int16], image: CroppedImage, plans: PlansManager, configuration: ConfigurationManager
) -> NDArray[np.int16]:
    spacing = [image.properties["spacing"][axis] for axis in plans.transpose_forward]
    apart, axis = slices_apart(configuration, spacing)
    taps = grid_taps(labels.shape, image.shape, axis if apart else None)
    return resample_labels(lambda z: labels[z], labels.shape, taps)
