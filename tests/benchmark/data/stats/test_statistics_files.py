from __future__ import annotations

import csv
import errno
import json
from pathlib import Path

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.stats.dataset_statistics import DatasetStatistics, dataset_statistics
from mswal_bench.benchmark.data.stats.statistics_files import refuse_to_write_into, statistics_json, write_statistics
from mswal_bench.benchmark.data.stats.summary import summarise


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_files_of_a_small_data_set(save_dataset, tmp_path: Path) -> None:
    labels = np.zeros((4, 8, 40), np.uint8)
    labels[1, 1, 2:5] = 5
    labels[3, 1, 0:30] = 6
    root = save_dataset({"a": labels}, {"b": None})
    (root / "patients.csv").write_text("case,sex\nb,F\n")
    statistics = dataset_statistics(root, jobs=1)
    out = tmp_path / "out" / "deep"
    write_statistics(statistics, summarise(statistics), out)
    assert sorted(path.name for path in out.iterdir()) == [
        "case_statistics.csv",
        "fig1.png",
        "fig1.svg",
        "lesion_statistics.csv",
        "summary.csv",
    ]
    cancer, cyst = read(out / "lesion_statistics.csv")
    # The fixture's voxels are 1 x 1 x 2 mm, the first at (10, -20, 30).
    assert cancer == {
        "case": "a", "subset": "train", "class": "pancreatic_cancer", "lesion": "1", "size": "small",
        "diameter_mm": "3.162", "volume_mm3": "6.000", "voxels": "3", "centroid_x_mm": "13.000",
        "centroid_y_mm": "-19.000", "centroid_z_mm": "32.000",
    }  # fmt: skip
    assert (cyst["class"], cyst["size"], cyst["diameter_mm"]) == ("liver_cyst", "large", "30.017")
    first, second = read(out / "case_statistics.csv")
    assert (first["pancreatic_cancer_small"], first["liver_cyst_large"], first["gallstone_small"]) == ("1", "1", "0")
    assert (first["sex"], first["spacing_z_mm"], first["shape_x"], first["shape_z"]) == ("", "2.0", "40", "4")
    assert (second["sex"], second["subset"], second["gallstone_small"]) == ("female", "test", "")
    summary = {(row["quantity"], row["of"]): (row["found"], row["paper"]) for row in read(out / "summary.csv")}
    assert summary["lesions", "total"] == ("2", "5212")
    assert summary["diameter_median_mm", "gallstone"] == ("", "")
    assert summary["phase", "delayed"] == ("", "37")


def test_the_rows_of_cases_can_take_the_place_of_the_data_sets_own_table(save_dataset, tmp_path: Path) -> None:
    root = save_dataset({"a": np.zeros((4, 5, 6), np.uint8)})
    (root / "patients.csv").write_text("case,sex,phase\na,m,portal venous phase\n")
    statistics = dataset_statistics(root, jobs=1)
    write_statistics(statistics, summarise(statistics), tmp_path / "out")
    (root / "patients.csv").write_bytes((tmp_path / "out" / "case_statistics.csv").read_bytes())
    assert dataset_statistics(root, jobs=1) == statistics


def test_json_is_strict_and_holds_both_numbers(paper_like: DatasetStatistics) -> None:
    content = json.loads(statistics_json(summarise(paper_like)))
    assert content["lesions"]["kidney_stone"] == {"found": 415, "paper": 415}
    assert content["slice_spacing_mm"]["median"] == {"found": 1.25}
    assert content["name"] == "MSWAL"


@pytest.mark.parametrize("inside", ["", "labelsTr", "imagesTs/../imagesTr"])
def test_the_data_sets_own_folders_are_not_written_to(tmp_path: Path, inside: str) -> None:
    for folder in ("imagesTr", "imagesTs"):
        (tmp_path / folder).mkdir()
    with pytest.raises(BenchError, match="among the data set's own files"):
        refuse_to_write_into(tmp_path, tmp_path / inside)


@pytest.mark.parametrize("name", ["dataset.json", "imagesTr", "prepared.json", "phantom.json", "release.json"])
def test_another_data_sets_folder_is_not_written_to(tmp_path: Path, name: str) -> None:
    other = tmp_path / "other"
    (other / name).mkdir(parents=True)
    with pytest.raises(BenchError, match=f"among another data set's files: found {name}"):
        refuse_to_write_into(tmp_path / "raw", other)
    refuse_to_write_into(tmp_path / "raw", tmp_path / "new")


def test_a_folder_that_may_not_be_looked_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(BenchError, match=r"out/dataset.json: cannot be written \(Permission denied\)"):
        refuse_to_write_into(tmp_path / "raw", tmp_path / "out")


def test_the_same_folder_is_written_to_again(save_dataset, tmp_path: Path) -> None:
    root, out = save_dataset({"a": np.zeros((4, 5, 6), np.uint8)}), tmp_path / "out"
    statistics = dataset_statistics(root, jobs=1)
    for _ in range(2):
        refuse_to_write_into(root, out)
        write_statistics(statistics, summarise(statistics), out)


def test_a_place_that_cannot_be_written_to_is_told(paper_like: DatasetStatistics, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="cannot be written"):
        write_statistics(paper_like, summarise(paper_like), tmp_path / "file")
