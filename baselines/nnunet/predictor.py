"""Predicts the label map of an image in its own geometry, by one network or the ensemble of several folds.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from numpy.typing import NDArray

from mswal_bench.baselines.case_failures import lost_output, unreadable_image
from mswal_bench.baselines.method import FailedCasesError, MethodError, Report
from mswal_bench.baselines.networks.fold_inception import can_fold, folded_weights
from mswal_bench.baselines.processes import use_threads
from mswal_bench.metrics.foreground import Labels

from .checkpoints import final_checkpoint, load_checkpoint
from .image_preparation import prepare_image
from .label_export import labels_from_logits, labels_from_planes, why_not_sparse
from .planned_network import planned_network
from .plans import CONFIGURATION, read_dataset_json, read_plans, read_training_cases
from .sliding_window import SlidingWindow
from .speck_filter import shares_of_smallest_mm3, without_specks
from .workspace import Workspace

__all__ = ["labels_from_logits", "predict_images", "speck_limits_mm3"]


def predict_images(
    workspace: Workspace,
    folds: Sequence[int],
    images: Mapping[str, Path],
    out: Path,
    *,
    mirroring: bool,
    window: tuple[int, int, int] | None,
    speck_share: float,
    device: str,
    report: Report,
) -> None:
    """Writes `out/CASE.nii.gz` for every image that has none yet.

    `window` takes the place of the planned patch, `mirroring` averages over the flips the network was trained with;
    `speck_share` is the recipe's. Raises FailedCasesError when all others are written.
    """
    out.mkdir(parents=True, exist_ok=True)
    if all((out / f"{case}.nii.gz").exists() for case in images):
        return
    use_threads(device)
    predictor = _predictor(workspace, folds, mirroring, window, device)
    least_mm3 = speck_limits_mm3(workspace, folds, speck_share, predictor.plans_manager)
    failed = {}
    for done, (case, image) in enumerate(images.items()):
        report(done, len(images), case)
        target = out / f"{case}.nii.gz"
        if not target.exists():
            # Hidden, so that a half-written file is never taken for a case.
            temporary = out / f".partial-{case}.nii.gz"
            try:
                _predict(predictor, image, temporary, least_mm3)
            except MethodError as error:
                failed[case] = str(error)
                continue
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(target)
    if failed:
        raise FailedCasesError(failed)
    report(len(images), len(images), "")


def _predictor(
    workspace: Workspace, folds: Sequence[int], mirroring: bool, window: tuple[int, int, int] | None, device: str
) -> nnUNetPredictor:
    content = read_plans(workspace)
    if window is not None:
        content["configurations"][CONFIGURATION]["patch_size"] = list(window)
    plans = PlansManager(content)
    configuration = plans.get_configuration(CONFIGURATION)
    dataset_json = read_dataset_json(workspace)
    checkpoints = [load_checkpoint(final_checkpoint(workspace, fold)) for fold in folds]
    network = planned_network(plans, dataset_json, deep_supervision=False)
    weights = [checkpoint["network_weights"] for checkpoint in checkpoints]
    if can_fold(network):
        # Gives the same up to rounding, with fewer layers.
        network, weights = folded_weights(network, weights)
    predictor = nnUNetPredictor(use_mirroring=mirroring, device=torch.device(device), allow_tqdm=False)
    # By hand: nnU-Net's own way looks the trainer up by name, which imports modules that a CPU build of torch lacks.
    predictor.manual_initialization(
        network,
        plans,
        configuration,
        weights,
        dataset_json,
        checkpoints[0]["trainer_name"],
        checkpoints[0]["inference_allowed_mirroring_axes"],
    )
    return predictor


def _predict(predictor: nnUNetPredictor, image: Path, target: Path, least_mm3: Mapping[int, float]) -> None:
    """Raises MethodError when the image cannot be read, or what the network makes of it is not finite."""
    plans, configuration = predictor.plans_manager, predictor.configuration_manager
    try:
        data, properties = prepare_image(image, plans, configuration, predictor.dataset_json)
    except RuntimeError as error:
        if sentence := unreadable_image(error):
            raise MethodError(sentence) from error
        raise
    labels = _labels(predictor, data, properties)
    if least_mm3:
        labels = without_specks(labels, properties["spacing"], least_mm3)
    plans.image_reader_writer_class().write_seg(labels, str(target), properties)


def _labels(predictor: nnUNetPredictor, image: NDArray[np.float32], properties: Mapping[str, Any]) -> Labels:
    """The label map of an image as the network sees it. Raises MethodError when a logit is not finite: the largest of
    its voxel would then be that of background."""
    plans, configuration = predictor.plans_manager, predictor.configuration_manager
    window = SlidingWindow(predictor, image)

    def plane(z: int) -> NDArray[np.float16]:
        logits = window.plane(z)
        if not np.isfinite(logits).all():
            raise MethodError(lost_output(image))
        return logits

    heads, *shape = window.shape
    if not why_not_sparse(configuration, heads, predictor.label_manager):
        return labels_from_planes(plane, shape, properties, plans, configuration)
    logits = torch.from_numpy(np.stack([plane(z) for z in range(shape[0])], axis=1))
    return labels_from_logits(logits, properties, plans, configuration, predictor.label_manager)


def speck_limits_mm3(
    workspace: Workspace, folds: Sequence[int], speck_share: float, plans: PlansManager
) -> dict[int, float]:
    """The volume of each class below which a predicted component is a speck: what `speck_share` says of the cases that
    the folds train on. Empty where it is 0.
    """
    reader = plans.image_reader_writer_class()
    ending = read_dataset_json(workspace)["file_ending"]
    cases = read_training_cases(workspace, folds)
    # nnU-Net's copy of the label maps as given: those it preprocessed are on the network's grid.
    label_maps = (reader.read_seg(str(workspace.preprocessed / "gt_segmentations" / f"{c}{ending}")) for c in cases)
    lesions = ((labels[0].astype(np.uint8), found["spacing"]) for labels, found in label_maps)
    return shares_of_smallest_mm3(speck_share, lesions)
