"""Brings logits on the network's grid back as a label map on the image's own grid.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import torch
from acvl_utils.cropping_and_padding.bounding_boxes import insert_crop_into_image
from nnunetv2.inference.export_prediction import convert_predicted_logits_to_segmentation_with_correct_shape
from nnunetv2.preprocessing.resampling.default_resampling import (
    determine_do_sep_z_and_axis,
    resample_data_or_seg_to_shape,
)
from nnunetv2.utilities.label_handling.label_handling import LabelManager
from nnunetv2.utilities.plans_handling.plans_handler import ConfigurationManager, PlansManager
from numpy.typing import NDArray

from .interpolation import grid_taps
from .sparse_export import MOST_CLASSES, Plane, sparse_labels

_LOG: Final = logging.getLogger(__name__)
_LINEAR: Final = {"is_seg": False, "order": 1, "order_z": 0}
_FREE: Final = frozenset({"force_separate_z"})


def labels_from_logits(
    logits: torch.Tensor,
    properties: Mapping[str, Any],
    plans: PlansManager,
    configuration: ConfigurationManager,
    label_manager: LabelManager | None = None,
) -> NDArray[np.uint8]:
    """The label map on the image's own grid: each class resampled, the largest wins, the lower class in a tie.

    `logits` is (class, z, y, x) on the network's grid, float16 or float32, all finite. `properties` is what nnU-Net's
    preprocessing tells of the image. Without a `label_manager` each logit is of the class of its place.

    Gives what nnU-Net's `convert_predicted_logits_to_segmentation_with_correct_shape` gives, voxel for voxel. Where the
    plans resample in another way than linearly, or there are regions, that function itself is called, and the log says
    so.
    """
    values = logits.numpy()
    return labels_from_planes(lambda z: values[:, z], logits.shape, properties, plans, configuration, label_manager)


def labels_from_planes(
    plane: Callable[[int], Plane],
    shape: Sequence[int],
    properties: Mapping[str, Any],
    plans: PlansManager,
    configuration: ConfigurationManager,
    label_manager: LabelManager | None = None,
) -> NDArray[np.uint8]:
    """As `labels_from_logits`, of logits that come plane by plane, in rising order; `shape` is (class, z, y, x)."""
    heads, *of_volume = shape
    why = why_not_sparse(configuration, heads, label_manager)
    if why:
        _LOG.warning("%s: nnU-Net's own export is used, which takes more time and memory", why)
        logits = torch.from_numpy(np.stack([plane(z) for z in range(of_volume[0])], axis=1))
        manager = label_manager or LabelManager(
            {"background": 0, **{str(label): label for label in range(1, heads)}}, None
        )
        with_threads = torch.get_num_threads()
        whole: NDArray[np.uint8] = convert_predicted_logits_to_segmentation_with_correct_shape(
            logits, plans, configuration, manager, dict(properties), num_threads_torch=with_threads
        )
        return whole
    cropped = properties["shape_after_cropping_and_before_resampling"]
    image_spacing = [properties["spacing"][axis] for axis in plans.transpose_forward]
    force_separate_z = configuration.resampling_fn_probabilities.keywords.get("force_separate_z", False)
    separate, axis = determine_do_sep_z_and_axis(force_separate_z, configuration.spacing, image_spacing)
    labels = sparse_labels(plane, grid_taps(of_volume, cropped, axis if separate else None))
    uncropped = np.zeros(properties["shape_before_cropping"], np.uint8)
    uncropped = insert_crop_into_image(uncropped, labels, properties["bbox_used_for_cropping"])
    result: NDArray[np.uint8] = uncropped.transpose(plans.transpose_backward)
    return result


def why_not_sparse(configuration: ConfigurationManager, classes: int, label_manager: LabelManager | None) -> str:
    """What of the plans the sparse export does not know, in words; empty when it knows all."""
    resample = configuration.resampling_fn_probabilities
    known = isinstance(resample, partial) and resample.func is resample_data_or_seg_to_shape and not resample.args
    if (
        not known
        or not resample.keywords.items() >= _LINEAR.items()
        or resample.keywords.keys() - _LINEAR.keys() - _FREE
    ):
        return f"the plans resample logits in a way of their own ({resample})"
    if len(configuration.spacing) != 3:
        return "the plans are of slices, not of volumes"
    if label_manager is not None and label_manager.has_regions:
        return "the labels are regions, which may overlap"
    if classes > MOST_CLASSES:
        return f"there are {classes} classes"
    return ""
