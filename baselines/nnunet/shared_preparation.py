"""Takes over the cases that another method of the same preparation has prepared, in seconds and no more disk."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mswal_bench.baselines.method import MethodError, Report
from mswal_bench.baselines.raw_layout import image_name, label_name
from mswal_bench.splits import Fold

from .plans import (
    CONFIGURATION,
    FINGERPRINT,
    GIVEN_LABELS,
    Planning,
    is_planned,
    make_plans,
    read_dataset_json,
    read_plans,
    training_cases,
)
from .workspace import Workspace

_OF_PLANS = (
    "foreground_intensity_properties_per_channel",
    "image_reader_writer",
    "label_manager",
    "transpose_forward",
)
_OF_CONFIGURATION = (
    "normalization_schemes",
    "preprocessor_name",
    "resampling_fn_data",
    "resampling_fn_data_kwargs",
    "resampling_fn_seg",
    "resampling_fn_seg_kwargs",
    "spacing",
    "use_mask_for_norm",
)
"""With the above all that nnU-Net's preprocessing (2.8.1, `DefaultPreprocessor`) asks plans for but the patch, to suit
which it cuts stored voxels into pieces. Their values are the same, and patches of any size are read as fast."""
_PARTS = (".b2nd", "_seg.b2nd", ".pkl")
_NAMED = 3


def take_over(
    workspace: Workspace, other: Workspace, folds: Sequence[Fold], planning: Planning, *, report: Report
) -> None:
    """Leaves what `prepare` would, with the prepared cases of `other` as hard links, or copies where there can be none.

    Nothing writes into prepared cases later, and who prepares anew deletes them first. All else is the workspace's own.
    Begun anew after a kill, as `prepare` is.

    Raises MethodError where `other` is not prepared or is of another data set, before anything is done, and where it is
    prepared in another way.
    """
    cases = sorted(training_cases(folds))
    report(0, 3, "look at the prepared cases")
    _check(workspace, other, cases)
    shutil.rmtree(workspace.preprocessed, ignore_errors=True)
    report(1, 3, "plan")
    workspace.preprocessed.mkdir(parents=True)
    shutil.copyfile(other.preprocessed / FINGERPRINT, workspace.preprocessed / FINGERPRINT)
    make_plans(workspace, folds, planning)
    differing = [key for key, entry in _seen(workspace).items() if entry != _seen(other)[key]]
    if differing:
        raise MethodError(
            f"The cases in {_work(other)} are prepared otherwise than this method does: the plans differ in "
            f"{', '.join(differing)}. Prepare without them, or take those of a method that plans alike."
        )
    report(2, 3, "take over the prepared cases")
    _link(_case_files(other, cases), _cases_folder(workspace))
    # The last, as in `prepare`: whoever finds all label maps finds all cases.
    _link(_label_files(other, cases), workspace.preprocessed / GIVEN_LABELS)
    report(3, 3, "")


def _check(workspace: Workspace, other: Workspace, cases: Sequence[str]) -> None:
    """Raises MethodError unless `other` holds all cases, and they and no others are those of `workspace`."""
    where = _work(other)
    if other.preprocessed.resolve() == workspace.preprocessed.resolve():
        raise MethodError(f"{where} is the work folder that is to be prepared: name that of another method.")
    if not is_planned(other) or not (other.preprocessed / GIVEN_LABELS).is_dir():
        raise MethodError(f"{where} holds no prepared cases of nnU-Net v2: prepare there to the end first.")
    of_another = f"{where} is prepared from another data set"
    if (other.preprocessed / "dataset.json").read_bytes() != (workspace.raw / "dataset.json").read_bytes():
        raise MethodError(f"{of_another}: its dataset.json is not the same.")
    more = {file.stem for file in _cases_folder(other).glob("[!.]*.pkl")} - set(cases)
    if more:
        raise MethodError(f"{of_another}: this one has no {_few(more)}.")
    labels = _label_files(other, cases)
    files = [*_case_files(other, cases), *labels, other.preprocessed / FINGERPRINT]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise MethodError(
            f"{where} lacks {_few(missing)}: it is of another data set, or not prepared to the end, which has to come "
            "first."
        )
    ending = read_dataset_json(other)["file_ending"]
    images = [other.raw / "imagesTr" / image_name(case, ending) for case in cases]
    pairs = [(workspace.raw / "labelsTr" / file.name, file) for file in labels]
    pairs += [(workspace.raw / "imagesTr" / file.name, file) for file in images]
    changed = [own.name for own, file in pairs if not _are_same(own, file)]
    if changed:
        raise MethodError(f"{of_another}, or its files are gone or changed: {_few(changed)} are not the same.")


def _are_same(own: Path, file: Path) -> bool:
    """Whether both have the same content. What is one file is not read."""
    return file.exists() and (own.samefile(file) or filecmp.cmp(own, file, shallow=False))


def _seen(workspace: Workspace) -> dict[str, Any]:
    """What of a workspace's plans determines the voxels of prepared cases."""
    plans = read_plans(workspace)
    configuration = plans["configurations"][CONFIGURATION]
    return {key: plans[key] for key in _OF_PLANS} | {key: configuration[key] for key in _OF_CONFIGURATION}


def _cases_folder(workspace: Workspace) -> Path:
    return workspace.preprocessed / str(read_plans(workspace)["configurations"][CONFIGURATION]["data_identifier"])


def _case_files(workspace: Workspace, cases: Sequence[str]) -> list[Path]:
    folder = _cases_folder(workspace)
    return [folder / f"{case}{part}" for case in cases for part in _PARTS]


def _label_files(workspace: Workspace, cases: Sequence[str]) -> list[Path]:
    ending = read_dataset_json(workspace)["file_ending"]
    return [workspace.preprocessed / GIVEN_LABELS / label_name(case, ending) for case in cases]


def _link(files: Iterable[Path], folder: Path) -> None:
    """Hard links of the files in a new `folder`; copies where the file system has none, or it is another one."""
    folder.mkdir()
    for file in files:
        try:
            os.link(file, folder / file.name)
        except OSError:
            shutil.copyfile(file, folder / file.name)


def _work(workspace: Workspace) -> Path:
    """The method's work folder, as its user names it."""
    return workspace.root.parent


def _few(names: Iterable[str]) -> str:
    """Some of the names, and how many they are."""
    listed = sorted(names)
    more = len(listed) - _NAMED
    return ", ".join(listed[:_NAMED]) + (f" and {more} others" if more > 0 else "")
