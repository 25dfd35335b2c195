"""Predicts the label map of an image in its own geometry, by one network or the ensemble of several folds.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import monotonic

import numpy as np
import torch
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from numpy.typing import NDArray

from mswal_bench.baselines.case_failures import lost_output
from mswal_bench.baselines.method import FailedCasesError, MethodError, Report
from mswal_bench.baselines.networks.fold_inception import can_fold, folded_weights
from mswal_bench.baselines.processes import use_threads
from mswal_bench.baselines.stored_weights import StoredWeights

from .export_stage import LabelWriter, WriteLabelMap, written_behind
from .fold_networks import FoldNetworks
from .image_preparation import prepare_image
from .image_stage import Prepared, prepared_ahead, prepared_in_turn
from .label_export import labels_from_logits
from .planned_network import planned_network
from .plans import CONFIGURATION, read_dataset_json, read_plans
from .prediction_memory import PredictionMemory
from .sliding_window import SlidingWindow
from .trained_folds import TrainedFolds
from .workspace import Workspace

__all__ = ["labels_from_logits", "predict_images"]


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
    memory_bytes: int | None = None,
    stored: Mapping[int, StoredWeights] | None = None,
) -> float:
    """Writes `out/CASE.nii.gz` for every image that has none yet; returns for how many seconds the device waited.

    `window` takes the place of the planned patch, `mirroring` averages over the flips the network was trained with;
    `speck_share` is the recipe's. `memory_bytes` is what this process and those it starts may take; None is what is
    free. `stored` are the networks of a method that was handed on. Raises FailedCasesError when all others are written.
    """
    out.mkdir(parents=True, exist_ok=True)
    left = {case: image for case, image in images.items() if not (out / f"{case}.nii.gz").exists()}
    if not left:
        return 0.0
    use_threads(device)
    trained = TrainedFolds(workspace, stored)
    networks = _networks(workspace, trained, folds, mirroring, window, device)
    plans, configuration = networks.plans, networks.configuration
    in_turn: WriteLabelMap = LabelWriter(
        plans, configuration, networks.labels, trained.speck_limits_mm3(folds, speck_share)
    )
    prepare = partial(prepare_image, plans=plans, configuration=configuration, dataset_json=networks.dataset_json)
    memory = PredictionMemory(networks, left, memory_bytes)
    failed = memory.do_not_fit()
    left = {case: image for case, image in left.items() if case not in failed}
    started, computing_s = monotonic(), 0.0
    with ExitStack() as stages:
        prepared, write = prepared_in_turn(left, prepare), in_turn
        if memory.allows_stages():
            prepared = stages.enter_context(prepared_ahead(left, prepare, workspace.log))
            write = stages.enter_context(written_behind(in_turn, workspace.log))
        done = len(images) - len(left)
        for each in prepared:
            report(done, len(images), each.case)
            try:
                computing_s += _predict(networks, each, out / f"{each.case}.nii.gz", write)
            except MethodError as error:
                failed[each.case] = str(error)
            done += 1
            # Before the next image comes: each may be gigabytes.
            del each
    if failed:
        raise FailedCasesError(failed)
    report(len(images), len(images), "")
    return monotonic() - started - computing_s


def _networks(
    workspace: Workspace,
    trained: TrainedFolds,
    folds: Sequence[int],
    mirroring: bool,
    window: tuple[int, int, int] | None,
    device: str,
) -> FoldNetworks:
    content = read_plans(workspace)
    if window is not None:
        content["configurations"][CONFIGURATION]["patch_size"] = list(window)
    plans = PlansManager(content)
    configuration = plans.get_configuration(CONFIGURATION)
    dataset_json = read_dataset_json(workspace)
    network = planned_network(plans, dataset_json, deep_supervision=False)
    weights = [trained.weights(fold, network) for fold in folds]
    if can_fold(network):
        # Gives the same up to rounding, with fewer layers.
        network, weights = folded_weights(network, weights)
    return FoldNetworks(
        network,
        weights,
        plans,
        configuration,
        plans.get_label_manager(dataset_json),
        dataset_json,
        trained.mirroring_axes(folds[0]) if mirroring else (),
        torch.device(device),
    )


def _predict(networks: FoldNetworks, prepared: Prepared, target: Path, write: WriteLabelMap) -> float:
    """Returns for how many seconds the network worked. Raises MethodError when the image cannot be read, or what the
    network makes of it is not finite: the largest logit of a voxel would then be that of background."""
    image = prepared.image
    if image is None:
        raise MethodError(prepared.failure)
    window = SlidingWindow(networks, image)
    computing_s = 0.0

    def plane(z: int) -> NDArray[np.float16]:
        nonlocal computing_s
        began = monotonic()
        logits = window.plane(z)
        computing_s += monotonic() - began
        if not np.isfinite(logits).all():
            raise MethodError(lost_output(image))
        return logits

    write(target, plane, window.shape, prepared.properties)
    return computing_s
