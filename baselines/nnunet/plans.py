"""Plans and preprocesses: makes plans and preprocessed cases of a raw data set."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mswal_bench.baselines.method import Report
from mswal_bench.baselines.preparation_memory_estimates import (
    V2_READS,
    bytes_plane_by_plane,
    bytes_to_read,
    bytes_to_resample,
    most_voxels,
)
from mswal_bench.baselines.worker_memory import workers_for
from mswal_bench.splits import Fold

from .settings import Plan
from .workspace import DATASET_ID, Workspace

CONFIGURATION = "3d_fullres"
_PLANS = "benchPlans"


def prepare(
    workspace: Workspace,
    folds: Sequence[Fold],
    planner: str,
    network_class: str | None,
    network_options: Mapping[str, Any],
    plan: Plan,
    *,
    planned_arguments: bool,
    report: Report,
) -> None:
    """Fingerprints, plans and preprocesses the training cases.

    `planner` names a class of `nnunetv2.experiment_planning`; `plan`, then `network_class` (a dotted path) and
    `network_options` replace what it planned. The network gets the planner's other arguments too if
    `planned_arguments`.
    """
    from nnunetv2.experiment_planning import plan_and_preprocess_api as nnunet
    from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import ExperimentPlanner
    from nnunetv2.experiment_planning.experiment_planners.residual_unets.residual_encoder_unet_planners import (
        nnUNetPlannerResEncL,
    )

    from .case_preparation import PlaneByPlane
    from .worker_pools import mortal_pools

    # What a killed preparation left may be half-written, and nnU-Net would build on it.
    shutil.rmtree(workspace.preprocessed, ignore_errors=True)
    planners = {"ExperimentPlanner": ExperimentPlanner, "nnUNetPlannerResEncL": nnUNetPlannerResEncL}
    report(0, 3, "read every training case")
    readers = workers_for(bytes_to_read(most_voxels((workspace.raw / "imagesTr").iterdir()), V2_READS))
    with mortal_pools():
        nnunet.extract_fingerprint_dataset(DATASET_ID, num_processes=readers, verbose=False, show_progress_bar=False)
    report(1, 3, "plan")
    nnunet.plan_experiment_dataset(
        DATASET_ID, planners[planner], overwrite_target_spacing=plan.spacing, overwrite_plans_name=_PLANS
    )
    plans = read_plans(workspace)
    configuration = plans["configurations"][CONFIGURATION]
    configuration.update(plan.configuration())
    architecture = configuration["architecture"]
    if network_class is not None:
        architecture["network_class_name"] = network_class
    arguments = architecture["arch_kwargs"] if planned_arguments else {}
    architecture["arch_kwargs"] = {**arguments, **plan.arguments, **network_options}
    if not planned_arguments:
        # The planner's arguments that are dotted paths.
        architecture["_kw_requires_import"] = []
    _write_json(_plans_file(workspace), plans)
    splits = [{"train": list(fold.train), "val": list(fold.validation)} for fold in folds]
    _write_json(_splits_file(workspace), splits)
    report(2, 3, "preprocess")
    processes = workers_for(_bytes_to_preprocess(workspace, plans))
    with mortal_pools():
        preprocessor = PlaneByPlane(verbose=False)
        preprocessor.show_progress_bar = False
        preprocessor.run(DATASET_ID, CONFIGURATION, _PLANS, num_processes=processes)
    # What nnU-Net keeps of the raw data set: validation and the search for specks compare with labels as given.
    shutil.copytree(workspace.raw / "labelsTr", workspace.preprocessed / "gt_segmentations", dirs_exist_ok=True)
    report(3, 3, "")


def _bytes_to_preprocess(workspace: Workspace, plans: Mapping[str, Any]) -> float:
    """What a worker needs for the largest case, by what planning found of the cases."""
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    from .case_preparation import is_known

    fingerprint = json.loads((workspace.preprocessed / "dataset_fingerprint.json").read_text())
    axes = plans["transpose_forward"]
    cases = zip(fingerprint["shapes_after_crop"], fingerprint["spacings"], strict=True)
    turned = [([shape[axis] for axis in axes], [spacing[axis] for axis in axes]) for shape, spacing in cases]
    manager = PlansManager(read_plans(workspace))
    configuration = manager.get_configuration(CONFIGURATION)
    alone = [case for case in turned if is_known(manager, configuration, case[1])]
    left = [case for case in turned if case not in alone]
    spacing = plans["configurations"][CONFIGURATION]["spacing"]
    return max(bytes_plane_by_plane(alone, spacing), bytes_to_resample(left, spacing))


def is_planned(workspace: Workspace) -> bool:
    return _plans_file(workspace).exists()


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


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
