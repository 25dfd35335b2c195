"""Lays a data set in nnU-Net v2's raw layout out as a task of nnU-Net v1, by links where v1 can read the files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.raw_layout import image_name, label_name

ENDING = ".nii.gz"
"""The only one v1 knows."""


def lay_out_task(raw: Path, cases: Iterable[str], task: Path) -> None:
    """Makes the folder `task` from the training cases of `raw`: `imagesTr`, `labelsTr` and v1's `dataset.json`.

    A `.nii.gz` becomes a link, a file of another ending a compressed copy. What `task` held before is removed.
    """
    description = json.loads((raw / "dataset.json").read_text(encoding="utf-8"))
    ending = str(description["file_ending"])
    shutil.rmtree(task, ignore_errors=True)
    ordered = sorted(cases)
    for folder in ("imagesTr", "labelsTr"):
        (task / folder).mkdir(parents=True)
    for case in ordered:
        _bring(raw / "imagesTr" / image_name(case, ending), task / "imagesTr" / image_name(case, ENDING))
        _bring(raw / "labelsTr" / label_name(case, ending), task / "labelsTr" / label_name(case, ENDING))
    text = json.dumps(task_description(description, ordered), indent=2)
    (task / "dataset.json").write_text(text + "\n", encoding="utf-8")


def task_description(description: dict[str, Any], cases: Iterable[str]) -> dict[str, Any]:
    """v1's `dataset.json` for the `cases` of a data set that v2's describes.

    Raises MethodError where v1 has no word for it: labels that are not 0, 1, 2 and so on, or several channels.
    """
    labels = description["labels"]
    numbers = sorted(number for number in labels.values() if isinstance(number, int))
    if numbers != list(range(len(labels))):
        raise MethodError(
            "nnU-Net v1 needs labels numbered 0, 1, 2 and so on, background first; dataset.json has "
            + ", ".join(f"{name}: {number}" for name, number in labels.items())
        )
    channels = description["channel_names"]
    if list(channels) != ["0"]:
        raise MethodError(f"images have one channel here, 0; dataset.json has the channels {', '.join(channels)}")
    ordered = list(cases)
    return {
        "name": str(description.get("name", "data set")),
        "tensorImageSize": "4D",
        "modality": dict(channels),
        "labels": {str(number): name for name, number in sorted(labels.items(), key=lambda item: item[1])},
        "numTraining": len(ordered),
        "numTest": 0,
        "training": [
            {"image": f"./imagesTr/{case}{ENDING}", "label": f"./labelsTr/{case}{ENDING}"} for case in ordered
        ],
        "test": [],
    }


def _bring(source: Path, target: Path) -> None:
    if source.name.endswith(ENDING):
        target.symlink_to(source.resolve())
        return
    import SimpleITK

    SimpleITK.WriteImage(SimpleITK.ReadImage(str(source)), str(target), useCompression=True)
