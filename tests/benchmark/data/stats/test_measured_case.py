from __future__ import annotations

from math import hypot
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from scipy import ndimage

from mswal_bench.benchmark.data.dataset import Case
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.data.stats.measured_case import MeasuredCase, measure_case
from mswal_bench.metrics import score_case


def measured(image: Path, label: Path | None) -> MeasuredCase:
    return measure_case(Case("one", image, label), "train", MSWAL_1)


def test_lesions_are_components_with_their_measures(tmp_path: Path, save_labels) -> None:
    labels = np.zeros((4, 10, 12), np.uint8)
    labels[1, 2, 3:6] = 3
    labels[2, 3, 6] = 3  # touches by a corner: the same lesion
    labels[1, 3, 3] = 4  # touches, of another class
    labels[3, 9, 11] = 3  # touches nothing
    path = save_labels(tmp_path / "one.nii.gz", labels, spacing=(0.5, 0.8, 3.0))
    case = measured(path, path)
    assert case.lesions is not None
    assert not case.grids_differ
    assert not case.problems
    first, second, third = case.lesions
    assert [(one.class_id, one.lesion_id, one.voxels) for one in case.lesions] == [(3, 1, 4), (3, 2, 1), (4, 1, 1)]
    # Three voxels in a row, from outer corner to outer corner; the voxel in the next slice does not count.
    assert first.diameter_mm == round(hypot(3 * 0.5, 0.8), 3)
    assert second.diameter_mm == third.diameter_mm == round(hypot(0.5, 0.8), 3)
    assert first.volume_mm3 == pytest.approx(4 * 0.5 * 0.8 * 3.0)
    # The fixture's origin is (10, -20, 30).
    assert third.centroid_mm == pytest.approx((10 + 3 * 0.5, -20 + 3 * 0.8, 30 + 1 * 3.0))
    assert (case.count(3), case.count(4), case.count(7)) == (2, 1, 0)


def test_diameters_are_axial_however_the_axes_are_stored(tmp_path: Path, save_labels) -> None:
    # Axes I-P-L, as KiTS stores its volumes: z runs along the file's first axis.
    labels = np.zeros((12, 12, 12), np.uint8)
    labels[5, 5, 0:10] = 7
    direction = (0.0, 0.0, 1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0)
    path = save_labels(tmp_path / "one.nii.gz", labels, spacing=(5.0, 0.8, 0.6), direction=direction)
    (lesion,) = measured(path, path).lesions or ()
    assert lesion.diameter_mm == pytest.approx(1.0)  # 0.8 by 0.6, not ten slices of 5 mm


def test_an_empty_label_map_has_no_lesion_and_a_missing_one_is_not_known(tmp_path: Path, save_labels) -> None:
    path = save_labels(tmp_path / "one.nii.gz", np.zeros((4, 5, 6), np.uint8))
    assert measured(path, path).lesions == ()
    without = measured(path, None)
    assert without.lesions is None
    assert not without.has_label
    assert without.geometry is not None
    assert without.geometry.shape == (6, 5, 4)


def test_a_damaged_file_is_told_and_the_other_is_used(tmp_path: Path, save_labels) -> None:
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1, 1, 1] = 1
    good, bad = save_labels(tmp_path / "one.nii.gz", labels), tmp_path / "bad.nii.gz"
    bad.write_bytes(good.read_bytes()[:60])
    bad_label, bad_image, bad_both = measured(good, bad), measured(bad, good), measured(bad, bad)
    assert bad_label.lesions is None
    assert bad_label.has_label
    assert bad_label.geometry is not None
    assert bad_image.count(1) == 1
    assert bad_image.geometry is not None
    assert bad_both.geometry is None
    assert [len(case.problems) for case in (bad_label, bad_image, bad_both)] == [1, 1, 2]


def test_an_image_as_label_map_is_refused(tmp_path: Path, save_labels) -> None:
    path = save_labels(tmp_path / "one.nii.gz", np.full((4, 5, 6), 40, np.int16))
    case = measured(path, path)
    assert case.lesions is None
    assert "values that are not labels" in str(case.problems[0])


def test_grids_that_differ_are_noticed_and_the_label_maps_is_measured_on(tmp_path: Path, save_labels) -> None:
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1, 1, 1:4] = 1
    image = save_labels(tmp_path / "image.nii.gz", labels, spacing=(1.0, 1.0, 2.0))
    label = save_labels(tmp_path / "label.nii.gz", labels, spacing=(2.0, 2.0, 2.0))
    case = measured(image, label)
    assert case.grids_differ
    assert case.geometry is not None
    assert case.geometry.spacing_mm == (1.0, 1.0, 2.0)
    assert case.lesions is not None
    assert case.lesions[0].diameter_mm == round(hypot(6, 2), 3)


def test_real_label_maps_agree_with_scipy_and_with_the_scorer(kits_raters: Path) -> None:
    paths = sorted((kits_raters / "rater1").glob("*.nii.gz"), key=lambda path: path.stat().st_size)[:3]
    assert paths
    for path in paths:
        case = measured(path, path)
        assert case.lesions is not None
        assert case.geometry is not None
        array = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
        (lesions,) = ndimage.find_objects((array > 0).astype(np.uint8))
        for class_id in MSWAL_1.class_ids:
            assert case.count(class_id) == ndimage.label(array[lesions] == class_id, np.ones((3, 3, 3)))[1]
        score = score_case(
            array, array, case.geometry.spacing_mm[::-1], MSWAL_1.class_ids, axial_axis=2 - case.geometry.axial_axis
        )
        scored = [(one.class_id, one.diameter_mm) for one in score.lesions if one.side == "reference"]
        assert [(one.class_id, one.diameter_mm) for one in case.lesions] == scored


def test_segments_that_are_not_the_classes_of_their_values_are_not_counted(tmp_path: Path) -> None:
    image = SimpleITK.GetImageFromArray(np.ones((3, 4, 5), np.uint8))
    path = tmp_path / "a.seg.nrrd"
    for name, counted in (("gallstone", True), ("kidney cyst", False)):
        image.SetMetaData("Segment0_Name", name)
        image.SetMetaData("Segment0_LabelValue", "1")
        SimpleITK.WriteImage(image, str(path))
        case = measured(path, path)
        assert (case.lesions is not None) == counted
        assert bool(case.problems) != counted
