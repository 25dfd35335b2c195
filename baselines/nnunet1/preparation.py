"""Plans and preprocesses with nnU-Net v1, in the process of v1. Importing this module imports v1."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from batchgenerators.utilities.file_and_folder_operations import load_pickle, save_pickle
from nnunet.experiment_planning.DatasetAnalyzer import DatasetAnalyzer
from nnunet.experiment_planning.experiment_planner_baseline_3DUNet_v21 import ExperimentPlanner3D_v21
from nnunet.experiment_planning.utils import crop
from nnunet.training.dataloading.dataset_loading import unpack_dataset

from mswal_bench.baselines.method import Report
from mswal_bench.baselines.preparation_memory_estimates import LIBRARIES_BYTES, bytes_to_read_v1, bytes_to_resample
from mswal_bench.baselines.stored_cases import StoredCase, stored_cases

from .raw_task import ENDING
from .settings import SmallNetwork
from .workspace import TASK, Workspace, preparing_processes


def prepare(
    root: str,
    folds: Sequence[Mapping[str, Sequence[str]]],
    small: Mapping[str, Any] | None,
    memory_bytes: int | None,
    report: Report,
) -> None:
    """Does what v1's command `nnUNet_plan_and_preprocess` does for its three-dimensional networks, with our folds.

    The task is laid out already. `small`, the fields of a SmallNetwork, replaces what was planned for the network.
    `memory_bytes` may bound what this process and those it starts take.
    """
    workspace = Workspace(Path(root))
    report(0, 3, "read and crop every training case")
    cases = stored_cases(workspace.task, ENDING, {case for fold in folds for part in fold.values() for case in part})
    readers = preparing_processes(max(map(bytes_to_read_v1, cases), default=LIBRARIES_BYTES), memory_bytes)
    crop(TASK, True, readers)
    cropped = workspace.cropped / TASK
    DatasetAnalyzer(str(cropped), overwrite=True, num_processes=readers).analyze_dataset(True)
    report(1, 3, "plan")
    workspace.preprocessed.mkdir(parents=True)
    for name, source in (("dataset_properties.pkl", cropped), ("dataset.json", workspace.task)):
        shutil.copy(source / name, workspace.preprocessed)
    planner = ExperimentPlanner3D_v21(str(cropped), str(workspace.preprocessed))
    planner.plan_experiment()
    report(2, 3, "preprocess")
    processes = preparing_processes(_bytes_to_preprocess(planner), memory_bytes)
    planner.run_preprocessing((processes, processes))
    if small is not None:
        _plan_small(workspace, SmallNetwork(**small))
    with workspace.splits.open("wb") as file:
        pickle.dump([{part: list(cases) for part, cases in fold.items()} for fold in folds], file)
    stages = sorted(workspace.preprocessed.glob("*_stage*"))
    # Training would do it, but takes what a killed training left half unpacked for whole.
    unpack_dataset(str(stages[-1]), processes)
    # Nothing reads it again.
    shutil.rmtree(workspace.cropped)
    report(3, 3, "")


def _bytes_to_preprocess(planner: Any) -> float:
    """What a worker needs for the largest case at the finest of the planned spacings."""
    found, axes = planner.dataset_properties, planner.transpose_forward
    cases = [
        StoredCase("", tuple(size[axis] for axis in axes), tuple(spacing[axis] for axis in axes))
        for size, spacing in zip(found["all_sizes"], found["all_spacings"], strict=True)
    ]
    return max(
        (
            bytes_to_resample(case, stage["current_spacing"])
            for stage in planner.plans_per_stage.values()
            for case in cases
        ),
        default=LIBRARIES_BYTES,
    )


def _plan_small(workspace: Workspace, small: SmallNetwork) -> None:
    plans = load_pickle(str(workspace.plans))
    plans["plans_per_stage"][max(plans["plans_per_stage"])].update(small.stage())
    plans["base_num_features"] = small.features
    plans["conv_per_stage"] = small.convolutions
    save_pickle(plans, str(workspace.plans))
