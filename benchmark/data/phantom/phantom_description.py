"""Describes a phantom in Croissant: its tables with their digests, and its volumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mswal_bench.benchmark.core.croissant import Column, DataFile, DataFiles, Table, croissant, croissant_text
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.mswal_facts import LARGE_FROM_MM
from mswal_bench.benchmark.data.patients import PATIENTS_FILE
from mswal_bench.benchmark.data.raw_folder import DESCRIPTION

_VOLUMES = {
    "imagesTr": "The images of the training cases, CT in Hounsfield units: CASE_0000.nii.gz.",
    "labelsTr": "The label maps of the training cases: CASE.nii.gz.",
    "imagesTs": "The images of the test cases.",
    "labelsTs": "The label maps of the test cases.",
}


def phantom_croissant(mark: Mapping[str, Any], dataset_json: str, patients_csv: str, *, train: int, test: int) -> str:
    """Writes the description of a phantom of `train` and `test` cases. `mark` says which phantom it is."""
    ids = ", ".join(f"{lesion.id} {lesion.name.lower()}" for lesion in LESION_CLASSES)
    folders = [name for name in _VOLUMES if (train if name.endswith("Tr") else test)]
    return croissant_text(
        croissant(
            "MSWAL phantom",
            f"Procedural CTs of abdomens with seven types of lesions, {train} training and {test} test cases in "
            f"nnU-Net's raw layout; no patient's data. Labels: 0 background, {ids}. Made by `mswal-bench data phantom "
            f"--train {train} --test {test} --size {mark['size']} --seed {mark['seed']}`: a case depends on its "
            "number, the size and the seed alone.",
            version=f"{mark['generator_version']}.0.0",
            files=[
                DataFile.of(
                    DESCRIPTION, "The data set as nnU-Net reads it.", "application/json", dataset_json.encode()
                ),
                DataFile.of(PATIENTS_FILE, "A row for each case.", "text/csv", patients_csv.encode()),
                *(DataFiles(name, _VOLUMES[name], "application/gzip", f"{name}/*.nii.gz") for name in folders),
            ],
            tables=[Table("patients", "Cases, their grids and their lesions.", PATIENTS_FILE, _columns())],
        )
    )


def _columns() -> list[Column]:
    axes = {"x": "from right to left", "y": "from front to back", "z": "from foot to head"}
    columns = [
        Column("case", "Text", "The name of the case, as its files begin."),
        Column("subset", "Text", "train or test."),
        Column("sex", "Text", "The sex of the phantom's patient."),
        Column("phase", "Text", "The contrast phase that the image looks like."),
    ]
    columns += [Column(f"spacing_{axis}_mm", "Float", f"Distance of voxels {way}, mm.") for axis, way in axes.items()]
    columns += [Column(f"shape_{axis}", "Integer", f"Number of voxels {way}.") for axis, way in axes.items()]
    sizes = {"small": "below", "large": "of at least"}
    return columns + [
        Column(
            f"{lesion.key}_{group}",
            "Integer",
            f"Number of {lesion.plural} {words} {LARGE_FROM_MM:g} mm in longest axial diameter.",
        )
        for lesion in LESION_CLASSES
        for group, words in sizes.items()
    ]
