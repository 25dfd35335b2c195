from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.score_summary import summary_json
from mswal_bench.benchmark.scoring.scores import Scores

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


@pytest.fixture
def scores(tmp_path: Path, save_labels: SaveLabels) -> Scores:
    reference = np.zeros((3, 4, 5), np.uint8)
    reference[2, 1, 0:2] = 6
    prediction = reference.copy()
    prediction[0, 3, 4] = 6
    # The grid's x runs to the patient's back, its y to the left.
    turned = (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    save_labels(tmp_path / "ref" / "a.nii.gz", reference, direction=turned)
    save_labels(tmp_path / "mine" / "a.nii.gz", prediction, direction=turned)
    return score_folders([tmp_path / "mine"], tmp_path / "ref", jobs=1)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_three_files(tmp_path: Path, scores: Scores) -> None:
    out = tmp_path / "not" / "there" / "yet"
    scores.save(out)
    assert sorted(path.name for path in out.iterdir()) == ["cases.csv", "lesions.csv", "scores.json"]
    assert (out / "scores.json").read_text() == summary_json(scores.summary())


def test_case_rows(tmp_path: Path, scores: Scores) -> None:
    scores.save(tmp_path)
    rows = _rows(tmp_path / "cases.csv")
    assert len(rows) == 7
    (row,) = [row for row in rows if row["class"] == "liver_cyst"]
    assert row == {
        "method": "mine",
        "case": "a",
        "class": "liver_cyst",
        "missing": "0",
        "reference_voxels": "2",
        "prediction_voxels": "3",
        "intersection_voxels": "2",
        "dsc": "0.8",
        "tp": "1",
        "fp": "1",
        "fn": "0",
        "f1": repr(2 / 3),
        "reference_mm3": "4.000",
        "prediction_mm3": "6.000",
        "nsd": "",
        "hd95_mm": "",
    }
    assert [row["dsc"] for row in rows if row["class"] != "liver_cyst"] == [""] * 6


def test_lesion_rows(tmp_path: Path, scores: Scores) -> None:
    scores.save(tmp_path)
    found, false_alarm, match = _rows(tmp_path / "lesions.csv")
    assert (found["side"], found["lesion"], found["status"], found["matched"]) == ("reference", "1", "TP", "2")
    assert (match["side"], match["lesion"], match["status"], match["matched"]) == ("prediction", "2", "TP", "1")
    assert (found["voxels"], found["volume_mm3"], found["iou"]) == ("2", "4.000", "1.0")
    # Two voxels side by side, of 1 x 1 mm.
    assert (found["diameter_mm"], found["dsc"]) == (f"{5**0.5:.3f}", "1.0")
    assert (false_alarm["status"], false_alarm["matched"], false_alarm["iou"]) == ("FP", "", "0.0")
    # Indices (x, y, z) = (0.5, 1, 2) of spacing (1, 1, 2) from (10, -20, 30).
    centroid = [found[f"centroid_{axis}_mm"] for axis in "xyz"]
    assert centroid == ["11.000", "-19.500", "34.000"]


def test_distances(tmp_path: Path, scores: Scores) -> None:
    scores = score_folders([tmp_path / "mine"], tmp_path / "ref", jobs=1, details=True)
    scores.save(tmp_path)
    cysts, *others = sorted(_rows(tmp_path / "cases.csv"), key=lambda row: row["class"] != "liver_cyst")
    assert 0 < float(cysts["nsd"]) < 1
    # From the lone voxel to the cyst, 2 planes of 2 mm, 2 and 3 voxels of 1 mm; its farther corners count.
    assert 4 < float(cysts["hd95_mm"]) < 7
    assert {(row["nsd"], row["hd95_mm"]) for row in others} == {("", "")}


def test_a_place_that_cannot_be_written_to(tmp_path: Path, scores: Scores) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match="cannot be written"):
        scores.save(tmp_path / "file" / "out")
