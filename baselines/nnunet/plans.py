"""Plans and preprocesses: makes plans and preprocessed cases of a raw data set."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mswal_bench.baselines.method import Report
from mswal_bench.baselines.preparation_memory_estimates import (
    LIBRARIES_BYTES,
    bytes_plane_by_plane,
    bytes_to_read,
    bytes_to_resample,
)
from mswal_bench.baselines.stored_cases import ANISOTROPIC, StoredCase, planned_spacing_mm, stored_cases
from mswal_bench.baselines.too_large_cases import refuse_too_large
from mswal_bench.baselines.worker_memory import workers_for
from mswal_bench.splits import Fold

from .settings import Plan
from .workspace import DATASET_ID, Workspace

CONFIGURATION = "3d_fullres"
PLANS_NAME = "benchPlans"
FINGERPRINT = "dataset_fingerprint.json"
GIVEN_LABELS = "gt_segmentations"
"""The folder of label maps as given, nnU-Net's copy. A preparation makes it last."""
_PREDICTION = "prediction.json"


@dataclass(frozen=True, kw_only=True)
class Planning:
    """What a method's plans are made of, beside the data set."""

    planner: str
    """A class of `nnunetv2.experiment_planning`."""
    plan: Plan
    """Replaces what it planned."""
    network_class: str | None
    """Dotted path of the network in the place of the planned one; None keeps it."""
    planned_arguments: bool
    """Whether the network gets the planner's arguments too."""
    network_options: Mapping[str, Any]
    """Arguments of the network, over all others."""


def prepare(
    workspace: Workspace, folds: Sequence[Fold], planning: Planning, *, memory_bytes: int | None, report: Report
) -> None:
    """Fingerprints, plans and preprocesses the training cases. Raises MethodError for cases that do not fit into the
    memory, which `memory_bytes` may bound: before anything is done, as far as their headers tell.
    """
    from nnunetv2.experiment_planning import plan_and_preprocess_api as nnunet

    from .case_fingerprint import PlaneByPlaneFingerprint
    from .case_preparation import PlaneByPlane
    from .worker_pools import mortal_pools

    ending = json.loads((workspace.raw / "dataset.json").read_text(encoding="utf-8"))["file_ending"]
    cases = stored_cases(workspace.raw, ending, training_cases(folds))
    to_read = {case.name: bytes_to_read(case) for case in cases}
    before_planning = _before_planning(cases, planning.plan.spacing)
    refuse_too_large({case: max(need, before_planning[case]) for case, need in to_read.items()}, memory_bytes)
    # What a killed preparation left may be half-written, and nnU-Net would build on it.
    shutil.rmtree(workspace.preprocessed, ignore_errors=True)
    report(0, 3, "read every training case")
    readers = workers_for(max(to_read.values(), default=LIBRARIES_BYTES), memory_bytes=memory_bytes)
    with mortal_pools():
        nnunet.extract_fingerprint_dataset(
            DATASET_ID, PlaneByPlaneFingerprint, num_processes=readers, verbose=False, show_progress_bar=False
        )
    report(1, 3, "plan")
    make_plans(workspace, folds, planning)
    report(2, 3, "preprocess")
    to_preprocess = _as_planned(workspace, cases)
    refuse_too_large(to_preprocess, memory_bytes)
    processes = workers_for(max(to_preprocess.values(), default=LIBRARIES_BYTES), memory_bytes=memory_bytes)
    with mortal_pools():
        preprocessor = PlaneByPlane(verbose=False)
        preprocessor.show_progress_bar = False
        preprocessor.run(DATASET_ID, CONFIGURATION, PLANS_NAME, num_processes=processes)
    # What nnU-Net keeps of the raw data set: validation and the search for specks compare with labels as given.
    shutil.copytree(workspace.raw / "labelsTr", workspace.preprocessed / GIVEN_LABELS, dirs_exist_ok=True)
    report(3, 3, "")


def make_plans(workspace: Workspace, folds: Sequence[Fold], planning: Planning) -> None:
    """Writes plans, splits and the data set's description, from the fingerprint that is there."""
    from nnunetv2.experiment_planning import plan_and_preprocess_api as nnunet
    from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import ExperimentPlanner
    from nnunetv2.experiment_planning.experiment_planners.residual_unets.residual_encoder_unet_planners import (
        nnUNetPlannerResEncL,
    )

    planners = {"ExperimentPlanner": ExperimentPlanner, "nnUNetPlannerResEncL": nnUNetPlannerResEncL}
    nnunet.plan_experiment_dataset(
        DATASET_ID,
        planners[planning.planner],
        overwrite_target_spacing=planning.plan.spacing,
        overwrite_plans_name=PLANS_NAME,
    )
    plans = read_plans(workspace)
    configuration = plans["configurations"][CONFIGURATION]
    configuration.update(planning.plan.configuration())
    architecture = configuration["architecture"]
    if planning.network_class is not None:
        architecture["network_class_name"] = planning.network_class
    arguments = architecture["arch_kwargs"] if planning.planned_arguments else {}
    architecture["arch_kwargs"] = {**arguments, **planning.plan.arguments, **planning.network_options}
    if not planning.planned_arguments:
        # The planner's arguments that are dotted paths.
        architecture["_kw_requires_import"] = []
    _write_json(_plans_file(workspace), plans)
    splits = [{"train": list(fold.train), "val": list(fold.validation)} for fold in folds]
    _write_json(_splits_file(workspace), splits)


def training_cases(folds: Sequence[Fold]) -> set[str]:
    """Every case that a fold trains on or validates with."""
    return {case for fold in folds for case in (*fold.train, *fold.validation)}


def _before_planning(cases: Sequence[StoredCase], spacing_mm: Sequence[float] | None) -> dict[str, float]:
    """By case, what a worker needs that preprocesses it to `spacing_mm`, or what nnU-Net will plan in its place."""
    if not cases:
        return {}
    target = spacing_mm or planned_spacing_mm(cases)

    def need(case: StoredCase) -> float:
        # Slices that lie apart along another axis than those of the plans are left to nnU-Net, as labels of floats are.
        apart = max(case.spacing_mm) > ANISOTROPIC * min(case.spacing_mm)
        alike = not apart or np.argmax(case.spacing_mm) == np.argmax(target)
        return (bytes_plane_by_plane if case.whole_labels and alike else bytes_to_resample)(case, target)

    return {case.name: need(case) for case in cases}


def _as_planned(workspace: Workspace, cases: Sequence[StoredCase]) -> dict[str, float]:
    """By case, what a worker needs that preprocesses it."""
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    from .case_preparation import is_known

    manager = PlansManager(read_plans(workspace))
    configuration = manager.get_configuration(CONFIGURATION)
    axes = manager.transpose_forward
    target = [configuration.spacing[axes.index(axis)] for axis in range(len(axes))]

    def need(case: StoredCase) -> float:
        turned = [case.spacing_mm[axis] for axis in axes]
        alone = case.whole_labels and is_known(manager, configuration, turned)
        return (bytes_plane_by_plane if alone else bytes_to_resample)(case, target)

    return {case.name: need(case) for case in cases}


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


def read_fingerprint(workspace: Workspace) -> dict[str, Any]:
    """What planning found in the training cases: their shapes, spacings and intensities."""
    fingerprint: dict[str, Any] = json.loads((workspace.preprocessed / FINGERPRINT).read_text())
    return fingerprint


def read_prediction(workspace: Workspace) -> dict[str, Any]:
    """What prediction needs beside plans and weights, where a method was handed on and not trained."""
    prediction: dict[str, Any] = json.loads((workspace.preprocessed / _PREDICTION).read_text())
    return prediction


def write_documents(workspace: Workspace, documents: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes what was handed on where planning would: `plans`, `dataset`, `fingerprint` and `prediction`."""
    workspace.preprocessed.mkdir(parents=True)
    _write_json(_plans_file(workspace), documents["plans"])
    _write_json(workspace.preprocessed / "dataset.json", documents["dataset"])
    _write_json(workspace.preprocessed / FINGERPRINT, documents["fingerprint"])
    _write_json(workspace.preprocessed / _PREDICTION, documents["prediction"])


def read_training_cases(workspace: Workspace, folds: Sequence[int]) -> list[str]:
    """The cases that at least one of the folds trains on, its validation cases not among them, in order."""
    splits = json.loads(_splits_file(workspace).read_text())
    return sorted({case for fold in folds for case in splits[fold]["train"]})


def _splits_file(workspace: Workspace) -> Path:
    return workspace.preprocessed / "splits_final.json"


def _plans_file(workspace: Workspace) -> Path:
    return workspace.preprocessed / f"{PLANS_NAME}.json"


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
