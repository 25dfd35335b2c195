"""Trains a method's network for some iterations, as its trainer does, and compares its logits with a CPU's."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic
from typing import Any

import torch
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from mswal_bench.baselines.nnunet.nnunet_method import NnUNetMethod
from mswal_bench.baselines.nnunet.planned_network import planned_network
from mswal_bench.baselines.nnunet.plans import CONFIGURATION, read_dataset_json, read_plans
from mswal_bench.baselines.nnunet.trainer import bench_trainer, choose_convolutions
from mswal_bench.baselines.nnunet.workspace import Workspace
from mswal_bench.baselines.processes import use_threads
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.runs.resources import measured

from .agreement import logit_differences
from .full_size_plans import batches, middle_patch, pinned, planned
from .setting import Setting, tell

_WARM_UP, _LEAST, _AT_LEAST_S = 4, 10, 5.0
_SMALL = 2


def train_and_compare(setting: Setting, method: str, compiled: bool) -> dict[str, Any]:
    """Numbers of a training; those of the comparison too, unless the network is compiled."""
    adapter = METHODS[method]
    if not isinstance(adapter, NnUNetMethod):
        raise TypeError(f"{method} does not run on nnU-Net v2")
    workspace = planned(setting, adapter)
    if compiled:
        # nnU-Net's own default on a GPU; a method of ours that is not compiled by default asks for it so.
        os.environ["nnUNet_compile"] = "true"  # noqa: SIM112
    with workspace.entered(setting.device, compiled=compiled):
        use_threads(setting.device)
        torch.manual_seed(0)
        found = _train(setting, adapter, workspace)
        if not compiled:
            tell(f"{method}: logits of a patch on the CPU and on the device")
            try:
                found["differences"] = _compare(setting, workspace)
            except Exception as error:
                # The training's numbers are there, and stay.
                found["not_compared"] = f"{type(error).__name__}: {error}"
    return found


def timed(setting: Setting, step: Callable[[int], object], name: str) -> dict[str, Any]:
    """Calls an iteration often enough; `step` is given its number. For all methods, those of nnU-Net v1 too."""
    warm_up, least, at_least_s = (1, _SMALL, 0.0) if setting.small else (_WARM_UP, _LEAST, _AT_LEAST_S)
    began = monotonic()
    for number in range(warm_up):
        step(number)
        tell(f"{name}: iteration {number + 1} of the warm-up, {monotonic() - began:.1f} s")
    warmed_s = monotonic() - began
    done = 0
    with measured(setting.device, every_s=0.1) as usage:
        began = monotonic()
        while done < least or monotonic() - began < at_least_s:
            step(done)
            done += 1
        if setting.device == "cuda":
            torch.cuda.synchronize()
    wall_s = usage.wall_s or 0.0
    tell(f"{name}: {done / wall_s:.3g} iterations/s")
    return {
        "iterations": done,
        "seconds": wall_s / done,
        "warm_up_s": warmed_s,
        "peak_mib": usage.peak_gpu_mib if setting.device == "cuda" else usage.peak_host_mib,
        "joules": None if usage.energy_wh is None else usage.energy_wh * 3600 / done,
    }


def _train(setting: Setting, method: NnUNetMethod, workspace: Workspace) -> dict[str, Any]:
    trainer = bench_trainer(workspace, 0, setting.device)
    choose_convolutions(setting.device)
    trainer.adopt(method.recipes[setting.budget], lambda done, total, note: None, output_weights=method.output_weights)
    trainer.initialize()
    trainer.set_deep_supervision_enabled(True)
    trainer.network.train()
    plan = trainer.configuration_manager
    given = batches(setting, plan.patch_size, plan.batch_size, trainer._get_deep_supervision_scales())
    if setting.device == "cuda":
        # As nnU-Net's loaders leave them.
        given = [pinned(batch) for batch in given]

    def step(number: int) -> None:
        trainer.train_step(given[number % len(given)])

    parameters = sum(each.numel() for each in trainer.network.parameters() if each.requires_grad)
    found = timed(setting, step, method.name)
    return found | {"patch": list(plan.patch_size), "batch_size": plan.batch_size, "parameters": parameters}


def _compare(setting: Setting, workspace: Workspace) -> dict[str, Any]:
    plans, dataset_json = PlansManager(read_plans(workspace)), read_dataset_json(workspace)
    configuration = plans.get_configuration(CONFIGURATION)
    network = planned_network(plans, dataset_json, deep_supervision=False)
    strides = configuration.network_arch_init_kwargs.get("strides")
    patch = list(configuration.patch_size)
    if strides is not None:
        # A U-Net takes smaller patches than the planned ones, in which its lowest stage has two voxels.
        total = [int(torch.tensor([stride[axis] for stride in strides]).prod()) for axis in range(3)]
        patch = [min(side, 2 * by) for side, by in zip(patch, total, strict=True)]
    return {"patch": patch, **logit_differences(network, middle_patch(setting, patch), setting.device)}
