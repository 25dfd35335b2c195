from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from mswal_bench.benchmark.data.phantom.dataset_writer import write_phantom
from mswal_bench.tests.croissant_files import left_out, read_croissant, rows


def write(out: Path, train: int, test: int) -> Path:
    write_phantom(out, train=train, test=test, size="tiny", seed=0, jobs=1, progress=False)
    return out / "croissant.json"


def test_its_patients_are_read_by_the_description(tmp_path: Path) -> None:
    described = read_croissant(write(tmp_path, 1, 1))
    # Who publishes a phantom says when, and under which licence.
    assert left_out(described) == {"license", "citeAs", "datePublished"}
    with (tmp_path / "patients.csv").open(newline="") as file:
        held = list(csv.DictReader(file))
    read = rows(described, "patients")
    assert list(read[0]) == list(held[0])
    assert [{name: str(value) for name, value in row.items()} for row in read] == held


@pytest.mark.parametrize(
    ("train", "test", "folders"), [(1, 0, {"imagesTr", "labelsTr"}), (0, 1, {"imagesTs", "labelsTs"})]
)
def test_folders_without_a_case_are_not_described(tmp_path: Path, train: int, test: int, folders: set[str]) -> None:
    files = json.loads(write(tmp_path, train, test).read_text())["distribution"]
    assert {each["name"] for each in files if each["@type"] == "cr:FileSet"} == folders


def test_a_phantom_of_an_earlier_version_gets_its_description_and_no_new_case(tmp_path: Path) -> None:
    path = write(tmp_path, 1, 0)
    before = path.read_bytes()
    label = tmp_path / "labelsTr" / "PHANTOM_0001.nii.gz"
    drawn = label.stat().st_mtime_ns
    path.unlink()
    write(tmp_path, 1, 0)
    assert path.read_bytes() == before
    assert label.stat().st_mtime_ns == drawn
