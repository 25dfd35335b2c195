"""Prediction by nnU-Net v1: the mean softmax of the folds, then v1's post-processing.

Runs in the process of v1, which importing this module imports.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import SimpleITK
from batchgenerators.utilities.file_and_folder_operations import load_pickle
from filelock import FileLock
from nnunet.inference import predict as v1
from nnunet.postprocessing.connected_components import load_postprocessing
from nnunet.postprocessing.consolidate_postprocessing import consolidate_folds

from ...splits import N_FOLDS
from ..method import MethodError, Report
from ..nnunet.speck_filter import smallest_lesions_mm3
from .export import Export
from .trainer import choose_trainer, read_recipe, use_threads, validate
from .workspace import Workspace, worker_processes

_PREPROCESSING, _WRITING = 6, 2
"""Processes, as v1's command has them."""


def predict(
    root: str,
    folds: Sequence[int],
    images: Mapping[str, str],
    out: str,
    recipe: Mapping[str, Any],
    device: str,
    report: Report,
) -> None:
    """Writes `out/CASE.nii.gz` for each image that has none yet. Raises MethodError when v1 leaves one out."""
    workspace, folder, chosen = Workspace(Path(root)), Path(out), read_recipe(recipe)
    use_threads(device)
    for fold in folds:
        # Done before, unless the process was killed after the training.
        validate(workspace, fold, chosen, device, report)
    largest_only = consolidated_postprocessing(workspace) if len(folds) == N_FOLDS else ()
    least_mm3 = _speck_limits_mm3(workspace, folds, chosen.speck_share)
    choose_trainer(chosen, report)
    missing = [case for case in images if not _target(folder, case).exists()]
    report(len(images) - len(missing), len(images), "")
    for case in missing:
        shutil.rmtree(_beside(folder, case), ignore_errors=True)
    v1.save_segmentation_nifti_from_softmax = Export(folder, largest_only, least_mm3, report, tuple(images))
    v1.predict_cases(
        str(workspace.model),
        [[images[case]] for case in missing],
        [str(_target(_beside(folder, case), case)) for case in missing],
        tuple(folds),
        save_npz=False,
        num_threads_preprocessing=worker_processes(_PREPROCESSING),
        num_threads_nifti_save=worker_processes(_WRITING),
        do_tta=chosen.training.augmentation,
        mixed_precision=device == "cuda",
        # Done case by case, above.
        disable_postprocessing=True,
    )
    for case in missing:
        shutil.rmtree(_beside(folder, case))
    # An image that v1 cannot read it prints and leaves out.
    left_out = [case for case in missing if not _target(folder, case).exists()]
    if left_out:
        names = ", ".join(left_out[:5]) + (f" and {len(left_out) - 5} more" if len(left_out) > 5 else "")
        raise MethodError(
            f"nnU-Net v1 could not read the image of {names}; {workspace.log} says why. Replace it, then run the same "
            "command again: all others are predicted."
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


def _speck_limits_mm3(workspace: Workspace, folds: Sequence[int], share: float) -> dict[int, float]:
    if not share:
        return {}
    splits = load_pickle(str(workspace.splits))
    cases = sorted({case for fold in folds for case in splits[fold]["train"]})
    files = (workspace.preprocessed / "gt_segmentations" / f"{case}.nii.gz" for case in cases)
    label_maps = (SimpleITK.ReadImage(str(file), SimpleITK.sitkUInt8) for file in files)
    volumes = smallest_lesions_mm3((SimpleITK.GetArrayFromImage(image), image.GetSpacing()) for image in label_maps)
    return {class_id: share * volume for class_id, volume in volumes.items()}


def _beside(folder: Path, case: str) -> Path:
    """Where v1 writes, large intermediate files too. Of one case alone: other processes may predict others."""
    return folder / f".partial-{case}"


def _target(folder: Path, case: str) -> Path:
    return folder / f"{case}.nii.gz"
