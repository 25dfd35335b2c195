"""Does for nnU-Net v1, in its own process, what `training_speed.py` does for the others."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from mswal_bench.baselines.method import Budget, Report
from mswal_bench.baselines.nnunet1.child_process import run_in_child
from mswal_bench.baselines.nnunet1.workspace import TASK, Workspace
from mswal_bench.baselines.nnunet_v1 import METHOD

from .setting import Setting, tell


def train_and_compare(setting: Setting) -> dict[str, Any]:
    """Numbers of a training, and of the comparison. There is no compiled nnU-Net v1."""
    root = setting.folder / "plans-nnunet-v1"
    shutil.rmtree(root, ignore_errors=True)
    workspace = Workspace(root)
    request = {"folder": str(setting.folder), "device": setting.device, "small": setting.small}
    found: dict[str, Any] = run_in_child(
        "mswal_bench.tests.gpu.version_1:in_child",
        request,
        workspace.environment(setting.device),
        workspace.log,
        lambda done, total, note: tell(note),
    )
    return found


def in_child(folder: str, device: str, small: bool, report: Report) -> dict[str, Any]:
    """Plans from a fingerprint, as v1's command does, and trains on patches of the volume."""
    import torch
    from nnunet.experiment_planning.experiment_planner_baseline_3DUNet_v21 import ExperimentPlanner3D_v21
    from nnunet.run.default_configuration import get_default_configuration

    from mswal_bench.baselines.nnunet1.trainer import choose_trainer
    from mswal_bench.baselines.processes import use_threads

    from .agreement import logit_differences
    from .full_size_plans import CASES, INTENSITIES, batches, middle_patch, pinned
    from .training_speed import timed

    setting = Setting(Path(folder), device, small)
    recipe = METHOD.recipes[Budget.PAPER]
    workspace = Workspace(setting.folder / "plans-nnunet-v1")
    cropped = workspace.cropped / TASK
    for needed in (cropped, workspace.preprocessed, workspace.model):
        needed.mkdir(parents=True, exist_ok=True)
    fingerprint = {
        "all_sizes": [np.array(setting.shape)],
        "all_spacings": [np.array(setting.spacing_mm)],
        "all_classes": list(range(1, 8)),
        "modalities": {0: "CT"},
        "intensityproperties": {0: {"local_props": {}, "sd": INTENSITIES["std"], **INTENSITIES}},
        "size_reductions": {},
    }
    with (cropped / "dataset_properties.pkl").open("wb") as file:
        pickle.dump(fingerprint, file)
    planner = ExperimentPlanner3D_v21(str(cropped), str(workspace.preprocessed))
    planner.list_of_cropped_npz_files = [f"case-{number}" for number in range(CASES)]
    # v1 would look for it in each case; of CT it is never asked for.
    planner.determine_whether_to_use_mask_for_norm = lambda: {0: False}
    planner.plan_experiment()
    use_threads(device)
    torch.manual_seed(0)
    plans_file, _, dataset, batch_dice, stage, _ = get_default_configuration("3d_fullres", TASK, "nnUNetTrainerV2")
    trainer: Any = choose_trainer(recipe, lambda done, total, note: None)(
        plans_file, 0, str(workspace.model), dataset, batch_dice, stage, True, False, device == "cuda"
    )
    trainer.load_plans_file()
    if small:
        # Its own network with few channels, on a patch that a CPU can bear.
        of_stage = trainer.plans["plans_per_stage"][stage]
        of_stage["patch_size"] = np.array(_smaller(of_stage["patch_size"], of_stage["pool_op_kernel_sizes"]))
        trainer.plans["base_num_features"] = 4
    trainer.initialize(False)
    trainer._maybe_init_amp()
    trainer.network.train()
    trainer.network.do_ds = True
    patch, batch_size = [int(side) for side in trainer.patch_size], int(trainer.batch_size)
    cut = batches(setting, patch, batch_size, trainer.deep_supervision_scales)
    given: Iterator[dict[str, Any]] = cycle([pinned(batch) for batch in cut] if device == "cuda" else cut)
    found = timed(setting, lambda number: trainer.run_iteration(given), METHOD.name)
    report(0, 1, f"{METHOD.name}: logits of a patch on the CPU and on the device")
    trainer.network.do_ds = False
    smaller = _smaller(patch, trainer.net_num_pool_op_kernel_sizes)
    differences = logit_differences(trainer.network, middle_patch(setting, smaller), device) | {"patch": smaller}
    parameters = sum(each.numel() for each in trainer.network.parameters() if each.requires_grad)
    return found | {
        "patch": patch,
        "batch_size": batch_size,
        "parameters": parameters,
        "differences": differences,
    }


def _smaller(patch: Sequence[int], poolings: Sequence[Sequence[int]]) -> list[int]:
    """A patch in which the network's lowest stage has two voxels."""
    total = np.prod(np.array(poolings), axis=0)
    return [min(int(side), 2 * int(by)) for side, by in zip(patch, total, strict=True)]
