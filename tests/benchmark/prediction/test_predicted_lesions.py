"""Lesions of predicted label maps, measured by hand."""

import csv
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.models.notice import NOTICE
from mswal_bench.benchmark.prediction.predicted_lesions import COLUMNS, lesions_of, write_lesions
from mswal_bench.benchmark.prediction.predictions import Predictions

IDS = [each.id for each in LESION_CLASSES]
KEYS = {each.id: each.key for each in LESION_CLASSES}


def label_map(path: Path, direction: tuple[float, ...] = (1, 0, 0, 0, 1, 0, 0, 0, 1)) -> Path:
    """Two kidney cysts, 2 x 1 x 3 voxels (x, y, z) and one voxel, and a gallstone, two voxels one above the other."""
    labels = np.zeros((6, 8, 10), np.uint8)
    labels[1:4, 2, 5:7] = 7
    labels[5, 7, 9] = 7
    labels[0:2, 6, 1] = 1
    image = SimpleITK.GetImageFromArray(labels)
    image.SetSpacing((0.5, 2, 5))
    image.SetOrigin((10, 20, 30))
    image.SetDirection(direction)
    SimpleITK.WriteImage(image, str(path))
    return path


def test_lesions_are_measured_in_the_patient(tmp_path: Path) -> None:
    found = lesions_of("a", label_map(tmp_path / "a.nii.gz"), IDS)
    assert (found.class_ids.tolist(), found.numbers.tolist(), found.voxels.tolist()) == (
        [1, 7, 7],
        [1, 1, 2],
        [2, 6, 1],
    )
    assert found.volume_mm3 == pytest.approx([10, 30, 5])
    # Of one slice: the diagonals of 0.5 x 2, 1 x 2 and 0.5 x 2 mm.
    assert found.diameter_mm == pytest.approx([4.25**0.5, 5**0.5, 4.25**0.5], abs=1e-3)
    assert found.centroid_mm == pytest.approx(np.array([[10.5, 32, 32.5], [12.75, 24, 40], [14.5, 34, 55]]))


def test_centres_and_axial_slices_follow_the_direction(tmp_path: Path) -> None:
    """Slices lie along y here: the file's second axis is the patient's third, backwards."""
    turned = (1, 0, 0, 0, 0, 1, 0, -1, 0)
    path = label_map(tmp_path / "a.nii.gz", turned)
    found = lesions_of("a", path, IDS)
    image = SimpleITK.ReadImage(str(path))
    middles = [(1, 6, 0.5), (5.5, 2, 2), (9, 7, 5)]
    expected = [image.TransformContinuousIndexToPhysicalPoint(middle) for middle in middles]
    assert found.centroid_mm == pytest.approx(np.array(expected))
    # In the planes of x and z: 0.5 x 10, 1 x 15 and 0.5 x 5 mm.
    assert found.diameter_mm == pytest.approx([100.25**0.5, 226**0.5, 25.25**0.5], abs=1e-3)


def test_a_label_map_without_lesions_has_none(tmp_path: Path) -> None:
    SimpleITK.WriteImage(SimpleITK.Image((3, 4, 5), SimpleITK.sitkUInt8), str(tmp_path / "a.nii.gz"))
    found = lesions_of("a", tmp_path / "a.nii.gz", IDS)
    assert (found.voxels.size, found.centroid_mm.shape, [*found.rows(KEYS)]) == (0, (0, 3), [])


def test_values_that_are_no_class_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="voxels hold values that are not labels: expected 0 to 3"):
        lesions_of("a", label_map(tmp_path / "a.nii.gz"), [1, 2, 3])


def test_the_table_has_a_row_a_lesion(tmp_path: Path) -> None:
    cases = [lesions_of(case, label_map(tmp_path / f"{case}.nii.gz"), IDS) for case in ("a", "b")]
    write_lesions(tmp_path / "lesions.csv", cases, KEYS)
    with (tmp_path / "lesions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["case"], row["class"], row["lesion"]) for row in rows] == [
        (case, *lesion) for case in "ab" for lesion in (("gallstone", "1"), ("kidney_cyst", "1"), ("kidney_cyst", "2"))
    ]
    assert [*rows[4].values()][3:] == ["6", "30.000", "2.236", "12.750", "24.000", "40.000"]


def test_predictions_are_a_table_and_a_frame(tmp_path: Path) -> None:
    label_map(tmp_path / "a.nii.gz")
    SimpleITK.WriteImage(SimpleITK.Image((3, 4, 5), SimpleITK.sitkUInt8), str(tmp_path / "b.nii.gz"))
    predictions = Predictions(tmp_path, "A method, fold 0", (0,), ("a", "b"), LESION_CLASSES)
    lines = str(predictions).splitlines()
    assert lines[0] == "A method, fold 0: 2 cases predicted"
    assert [line.split() for line in lines[4:6]] == [
        ["Gallstone", "1", "1", "0.01", "2.1"],
        ["Kidney", "stone", "0", "0", "0.00", "\N{EN DASH}"],
    ]
    assert lines[10].split() == ["Kidney", "cyst", "1", "2", "0.04", "2.2"]
    assert lines[-1] == NOTICE
    assert NOTICE in predictions._repr_html_()
    assert repr(predictions) == f"<Predictions of 2 cases in {tmp_path}>"
    frame = predictions.to_frame()
    assert frame[["case", "lesion", "number", "voxels"]].values.tolist() == [
        ["a", "gallstone", 1, 2],
        ["a", "kidney_cyst", 1, 6],
        ["a", "kidney_cyst", 2, 1],
    ]
    assert frame["centroid_z_mm"].tolist() == [32.5, 40, 55]


def test_the_table_fits_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    label_map(tmp_path / "a.nii.gz")
    model = "A method with a long name, trained on MSWAL, folds 0, 1, 2, 3 and 4"
    predictions = Predictions(tmp_path, model, (0,), ("a",), LESION_CLASSES)
    assert max(map(len, predictions.table().splitlines())) > 60
    monkeypatch.setattr("mswal_bench.benchmark.prediction.predictions.terminal_width", lambda: 60)
    table = predictions.table()
    assert max(map(len, table.splitlines())) <= 60
    assert table.count("Kidney cyst") == 2
