"""Predicts with nnU-Net v1: by the mean softmax of the folds, then v1's post-processing.

Runs in the process of v1, which importing this module imports.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import SimpleITK
from batchgenerators.utilities.file_and_folder_operations import load_pickle
from filelock import FileLock
from nnunet.inference import predict as v1
from nnunet.postprocessing.connected_components import load_postprocessing
from nnunet.postprocessing.consolidate_postprocessing import consolidate_folds

from mswal_bench.baselines.case_failures import lost_output
from mswal_bench.baselines.failures import DISK_FULL, is_full
from mswal_bench.baselines.method import FailedCasesError, MethodError, Report
from mswal_bench.baselines.nnunet.speck_filter import shares_of_smallest_mm3
from mswal_bench.baselines.preparation_memory_estimates import LIBRARIES_BYTES, bytes_to_read_v1, bytes_to_resample
from mswal_bench.baselines.processes import use_threads
from mswal_bench.baselines.stored_cases import stored_images
from mswal_bench.baselines.worker_memory import workers_for
from mswal_bench.metrics.foreground import Labels
from mswal_bench.splits import N_FOLDS

from .export import Export
from .trainer import choose_trainer, read_recipe, validate
from .workspace import Workspace, worker_processes

_PREPROCESSING, _WRITING = 6, 2
"""Processes, as v1's command has them."""
_LOST = "not-finite"


def predict(
    root: str,
    folds: Sequence[int],
    images: Mapping[str, str],
    out: str,
    recipe: Mapping[str, Any],
    device: str,
    memory_bytes: int | None,
    report: Report,
) -> None:
    """Writes `out/CASE.nii.gz` for each image that has none yet. Raises FailedCasesError when v1 leaves one out.

    As many processes preprocess images as fit into the memory, of which `memory_bytes` may bound what this process and
    those it starts take.
    """
    workspace, folder, chosen = Workspace(Path(root)), Path(out), read_recipe(recipe)
    use_threads(device)
    for fold in folds:
        # Done before, unless the process was killed after the training.
        validate(workspace, fold, chosen, device, report)
    largest_only = consolidated_postprocessing(workspace) if len(folds) == N_FOLDS else ()
    least_mm3 = shares_of_smallest_mm3(chosen.speck_share, training_labels(workspace, folds))
    choose_trainer(chosen, report)
    missing = [case for case in images if not _target(folder, case).exists()]
    report(len(images) - len(missing), len(images), "")
    for case in missing:
        shutil.rmtree(_beside(folder, case), ignore_errors=True)
    v1.save_segmentation_nifti_from_softmax = Export(
        folder, largest_only, least_mm3, report, lost=_LOST, cases=tuple(images)
    )
    v1.predict_cases(
        str(workspace.model),
        [[images[case]] for case in missing],
        [str(_target(_beside(folder, case), case)) for case in missing],
        tuple(folds),
        save_npz=False,
        num_threads_preprocessing=workers_for(
            _bytes_to_preprocess(workspace, {case: Path(images[case]) for case in missing}),
            _PREPROCESSING,
            memory_bytes,
        ),
        num_threads_nifti_save=worker_processes(_WRITING),
        do_tta=chosen.training.augmentation,
        mixed_precision=device == "cuda",
        # Done case by case, above.
        disable_postprocessing=True,
    )
    # Before what v1 wrote beside is removed, which makes room.
    disk_full = is_full(folder)
    lost = [case for case in missing if (_beside(folder, case) / _LOST).exists()]
    for case in missing:
        shutil.rmtree(_beside(folder, case))
    left_out = [case for case in missing if not _target(folder, case).exists()]
    if disk_full and left_out != lost:
        raise MethodError(DISK_FULL)
    if left_out:
        raise FailedCasesError({case: lost_output() if case in lost else _left_out(workspace.log) for case in left_out})


def _bytes_to_preprocess(workspace: Workspace, images: Mapping[str, Path]) -> float:
    """What a process needs that preprocesses the largest of the images."""
    stored = stored_images(images)
    if not stored:
        return LIBRARIES_BYTES
    plans = load_pickle(str(workspace.plans))
    axes, spacing = (
        plans["transpose_forward"],
        plans["plans_per_stage"][max(plans["plans_per_stage"])]["current_spacing"],
    )
    target = [spacing[axes.index(axis)] for axis in range(len(axes))]
    return max(max(bytes_to_read_v1(case), bytes_to_resample(case, target)) for case in stored)


def _left_out(log: Path) -> str:
    """v1 prints whatever goes wrong when it preprocesses an image, and leaves the image out."""
    return (
        f'nnU-Net v1 could not preprocess its image; {log} says why after "error in". Replace an image that cannot be '
        "read, give more memory where that was short, then run the same command again: all others are predicted."
    )


def consolidated_postprocessing(workspace: Workspace) -> tuple[Any, ...]:
    """The classes (or lists of classes taken as one) of which only the largest component stays, as v1 finds them on the
    validation cases of all five folds: those whose mean Dice grows by it.

    Found once, then read.
    """
    content = workspace.model / "postprocessing.json"
    done = workspace.model / "consolidated"
    with FileLock(workspace.model / ".lock"):
        if not done.exists():
            consolidate_folds(str(workspace.model))
            done.touch()
    return tuple(load_postprocessing(str(content))[0])


def training_labels(workspace: Workspace, folds: Sequence[int]) -> Iterator[tuple[Labels, Sequence[float]]]:
    """The label maps that the folds train on, as given, with their spacing in mm."""
    splits = load_pickle(str(workspace.splits))
    for case in sorted({case for fold in folds for case in splits[fold]["train"]}):
        file = workspace.preprocessed / "gt_segmentations" / f"{case}.nii.gz"
        image = SimpleITK.ReadImage(str(file), SimpleITK.sitkUInt8)
        yield SimpleITK.GetArrayFromImage(image), image.GetSpacing()


def _beside(folder: Path, case: str) -> Path:
    """Where v1 writes, large intermediate files too. Of one case alone: other processes may predict others."""
    return folder / f".partial-{case}"


def _target(folder: Path, case: str) -> Path:
    return folder / f"{case}.nii.gz"
