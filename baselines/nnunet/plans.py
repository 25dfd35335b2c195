"""Planning and preprocessing: from a raw data set to plans and patches' source."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...splits import Fold
from ..method import Report
from ..processes import cores
from .settings import SmallNetwork
from .workspace import DATASET_ID, Workspace

CONFIGURATION = "3d_fullres"
_PLANS = "benchPlans"


def prepare(
    workspace: Workspace,
    folds: Sequence[Fold],
    planner: str,
    network_class: str | None,
    network_options: dict[str, Any],
    small: SmallNetwork | None,
    report: Report,
) -> None:
    """Fingerprints, plans and preprocesses the training cases.

    `planner` names a class of `nnunetv2.experiment_planning`; `network_class` (a dotted path) and `network_options`
    replace what it planned, `small` shrinks it.
    """
    from nnunetv2.experiment_planning import plan_and_preprocess_api as nnunet
    from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import ExperimentPlanner
    from nnunetv2.experiment_planning.experiment_planners.residual_unets.residual_encoder_unet_planners import (
        nnUNetPlannerResEncL,
    )

    # What a killed preparation left may be half-written, and nnU-Net would build on it.
    shutil.rmtree(workspace.preprocessed, ignore_errors=True)
    planners = {"ExperimentPlanner": ExperimentPlanner, "nnUNetPlannerResEncL": nnUNetPlannerResEncL}
    processes = cores()
    report(0, 3, "read every training case")
    nnunet.extract_fingerprint_dataset(DATASET_ID, num_processes=processes, verbose=False, show_progress_bar=False)
    report(1, 3, "plan")
    nnunet.plan_experiment_dataset(DATASET_ID, planners[planner], overwrite_plans_name=_PLANS)
    plans = read_plans(workspace)
    configuration = plans["configurations"][CONFIGURATION]
    if network_class is not None:
        configuration["architecture"]["network_class_name"] = network_class
    if small is not None:
        _shrink(configuration, small)
    configuration["architecture"]["arch_kwargs"].update(network_options)
    _write_json(_plans_file(workspace), plans)
    splits = [{"train": list(fold.train), "val": list(fold.validation)} for fold in folds]
    _write_json(_splits_file(workspace), splits)
    report(2, 3, "preprocess")
    nnunet.preprocess_dataset(
        DATASET_ID, _PLANS, [CONFIGURATION], num_processes=[processes], verbose=False, show_progress_bar=False
    )
    report(3, 3, "")


def read_plans(workspace: Workspace) -> dict[str, Any]:
    """The plans as written; nnU-Net changes what it is given, so every use reads them anew."""
    plans: dict[str, Any] = json.loads(_plans_file(workspace).read_text())
    return plans


def read_dataset_json(workspace: Workspace) -> dict[str, Any]:
    """The data set's description as copied at planning, so that prediction needs no raw data."""
    description: dict[str, Any] = json.loads((workspace.preprocessed / "dataset.json").read_text())
    return description


def read_training_cases(workspace: Workspace, folds: Sequence[int]) -> list[str]:
    """The cases that at least one of the folds trains on, its validation cases not among them, in order."""
    splits = json.loads(_splits_file(workspace).read_text())
    return sorted({case for fold in folds for case in splits[fold]["train"]})


def _splits_file(workspace: Workspace) -> Path:
    return workspace.preprocessed / "splits_final.json"


def _plans_file(workspace: Workspace) -> Path:
    return workspace.preprocessed / f"{_PLANS}.json"


def _shrink(configuration: dict[str, Any], small: SmallNetwork) -> None:
    stages = len(small.features)
    arguments = configuration["architecture"]["arch_kwargs"]
    per_stage = "n_blocks_per_stage" if "n_blocks_per_stage" in arguments else "n_conv_per_stage"
    arguments.update(
        {
            "n_stages": stages,
            "features_per_stage": list(small.features),
            "kernel_sizes": [[3, 3, 3]] * stages,
            "strides": [[1, 1, 1]] + [[2, 2, 2]] * (stages - 1),
            per_stage: list(small.blocks),
            "n_conv_per_stage_decoder": [small.decoder_blocks] * (stages - 1),
            "norm_op": small.norm,
        }
    )
    configuration["patch_size"] = list(small.patch)
    configuration["batch_size"] = small.batch_size
    configuration["batch_dice"] = small.batch_dice


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
