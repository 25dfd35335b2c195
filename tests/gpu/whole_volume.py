"""Predicts one volume of full size with the MSWAL paper's own network, and measures what the device did meanwhile."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
import SimpleITK
import torch
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from mswal_bench.baselines.batch_statistics import re_estimate
from mswal_bench.baselines.nnunet.checkpoints import final_checkpoint
from mswal_bench.baselines.nnunet.nnunet_method import NnUNetMethod
from mswal_bench.baselines.nnunet.planned_network import planned_network
from mswal_bench.baselines.nnunet.plans import CONFIGURATION, read_dataset_json, read_plans
from mswal_bench.baselines.nnunet.predictor import predict_images
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.runs.resources import measured

from .full_size_plans import middle_patch, planned
from .setting import Setting, tell

METHOD = "inception-nnunet"
FOREGROUND = 0.018
"""The share of a patch's voxels that are foreground, as in the benchmark of prediction: random weights alone would make
nearly all of them so, and export would take longer than it ever does."""


def predict_volume(setting: Setting) -> dict[str, Any]:
    """Wall time, for how long the device waited, peaks; one fold, random weights, flips where the method has them."""
    method = METHODS[METHOD]
    if not isinstance(method, NnUNetMethod):
        raise TypeError(f"{METHOD} does not run on nnU-Net v2")
    workspace = planned(setting, method)
    recipe = method.recipes[setting.budget]
    out = setting.folder / "predicted"
    shutil.rmtree(out, ignore_errors=True)
    with workspace.entered(setting.device, compiled=False):
        torch.manual_seed(0)
        _save_network(setting, workspace)
        if setting.device == "cuda":
            # What making it took is no part of the prediction's peak.
            torch.cuda.empty_cache()
        tell(f"{METHOD}: predicting {' x '.join(map(str, setting.shape))} voxels (z, y, x)")
        with measured(setting.device) as usage:
            waited_s = predict_images(
                workspace,
                [0],
                {"volume": setting.image},
                out,
                mirroring=recipe.training.augmentation,
                window=recipe.plan.window,
                speck_share=0,
                device=setting.device,
                report=lambda done, total, note: None,
            )
    labels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(out / "volume.nii.gz")))
    _, given = setting.volume()
    if labels.shape != given.shape:
        raise ValueError(f"the label map has the shape {labels.shape}, the volume {given.shape}")
    return {
        "method": METHOD,
        "shape": list(labels.shape),
        "wall_s": usage.wall_s,
        "waited_s": waited_s,
        "peak_gpu_mib": usage.peak_gpu_mib,
        "peak_host_mib": usage.peak_host_mib,
        "watt_hours": usage.energy_wh,
        "flips": recipe.training.augmentation,
        "foreground": float(np.count_nonzero(labels) / labels.size),
    }


@torch.no_grad()
def _save_network(setting: Setting, workspace: Workspace) -> None:
    """A network as training would leave it, whose background wins as often as it does in CT."""
    plans = PlansManager(read_plans(workspace))
    network: Any = planned_network(plans, read_dataset_json(workspace), deep_supervision=False)
    network = network.to(setting.device)
    patch = middle_patch(setting, plans.get_configuration(CONFIGURATION).patch_size).to(setting.device)
    # Those of a new network are 0 and 1, with which its activations grow from block to block past half precision.
    re_estimate(network, network, [patch])
    logits = network.eval()(patch)[0]
    ahead = (logits[1:].amax(dim=0) - logits[0]).flatten()[:: max(1, logits[0].numel() // 100_000)]
    network.decoder.outputs[-1].bias[0] += torch.quantile(ahead.float(), 1 - FOREGROUND)
    weights = {name: tensor.cpu() for name, tensor in network.state_dict().items()}
    checkpoint = final_checkpoint(workspace, 0)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    mirroring = {"inference_allowed_mirroring_axes": (0, 1, 2)}
    torch.save({"network_weights": weights, "trainer_name": "BenchTrainer", **mirroring}, checkpoint)
