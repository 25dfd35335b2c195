"""Folders as users have them: files that hold nothing but their own name, for preparing looks into none."""

from __future__ import annotations

import json
from pathlib import Path

TRAIN, TEST = 484, 210


def write(path: Path) -> None:
    """Makes a file that holds its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(path.name)


def mswal_folder(
    root: Path,
    *,
    image: str = "MSWAL_{:04d}_0000.nii.gz",
    label: str = "MSWAL_{:04d}.nii.gz",
    train: int = TRAIN,
    test: int = TEST,
    test_images: bool = False,
    test_labels: bool = False,
    described: bool = True,
    listed_as: str = "MSWAL_{:04d}",
    **more: object,
) -> Path:
    """Makes `root` a folder of MSWAL, by default as on the hub; `more` goes into its `dataset.json`."""
    (root / "imagesTr").mkdir(parents=True)
    for number in range(1, train + 1):
        write(root / "imagesTr" / image.format(number))
        write(root / "labelsTr" / label.format(number))
    tested = range(TRAIN + 1, TRAIN + test + 1)
    for number in tested:
        if test_images:
            write(root / "imagesTs" / image.format(number))
        if test_labels:
            write(root / "labelsTs" / label.format(number))
    if described:
        names = [f"{listed_as.format(number)}.nii.gz" for number in range(1, train + 1)]
        description = {
            "training": [{"image": f"./imagesTr/{name}", "label": f"./labelsTr/{name}"} for name in names],
            "test": [f"./imagesTs/{listed_as.format(number)}.nii.gz" for number in tested],
        }
        (root / "dataset.json").write_text(json.dumps(description | more))
    return root


def lits_folder(root: Path, numbers: range = range(131), ending: str = ".nii") -> Path:
    """Makes `root` a folder of LiTS, in two batches as it is downloaded."""
    for number in numbers:
        batch = root / f"Training Batch {1 if number < 28 else 2}"
        write(batch / f"volume-{number}{ending}")
        write(batch / f"segmentation-{number}{ending}")
    return root


def kits_folder(root: Path, numbers: tuple[int, ...] = (*range(300), *range(400, 589))) -> Path:
    """Makes `root` a clone of KiTS23's repository with its images."""
    for number in numbers:
        case = root / "dataset" / f"case_{number:05d}"
        for name in ("imaging", "segmentation", "instances/kidney_instance-1_annotation-1"):
            write(case / f"{name}.nii.gz")
    return root
