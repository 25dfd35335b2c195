from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from mswal_bench.metrics import CaseScore, Lesion, Lesions, score_case

from .brute_force import assert_same_lesions

SPACING_MM = (2.0, 0.5, 0.25)


@pytest.fixture
def score() -> CaseScore:
    """Class 3: one lesion found, one missed in spite of an overlap, a speck. Class 1: predicted only."""
    reference, prediction = np.zeros((2, 4, 6, 10), np.uint8)
    reference[3, 2, 1:5] = 3
    prediction[3, 2, 2:5] = 3
    prediction[0, 0, 7] = 3
    reference[0:2, 4:6, 8:10] = 3
    prediction[1, 5, 8:10] = 3
    prediction[0, 3, 0:2] = prediction[1, 4, 2] = 1
    return score_case(reference, prediction, SPACING_MM, (4, 3, 1))


def _mm(squared: float) -> float:
    """A diameter, to the micrometre."""
    return round(sqrt(squared), 3)


VOXEL_MM3 = 0.25
FALSE = Lesion(1, "prediction", 1, 3, 3 * VOXEL_MM3, _mm(0.5**2 + 0.5**2), (2 / 3, 5 / 3, 0.25), None, 0, 0, "FP")
MISSED = Lesion(3, "reference", 1, 8, 8 * VOXEL_MM3, _mm(1 + 0.5**2), (1, 2.25, 2.125), None, 2 / 8, 4 / 10, "FN")
FOUND = Lesion(3, "reference", 2, 4, 4 * VOXEL_MM3, _mm(1 + 0.5**2), (6, 1, 0.625), 3, 3 / 4, 6 / 7, "TP")
SPECK = Lesion(3, "prediction", 1, 1, VOXEL_MM3, _mm(0.25**2 + 0.5**2), (0, 0, 1.75), None, 0, 0, "FP")
PART = Lesion(3, "prediction", 2, 2, 2 * VOXEL_MM3, _mm(0.5**2 + 0.5**2), (2, 2.5, 2.125), None, 2 / 8, 4 / 10, "FP")
MATCH = Lesion(3, "prediction", 3, 3, 3 * VOXEL_MM3, _mm(0.75**2 + 0.5**2), (6, 1, 0.75), 2, 3 / 4, 6 / 7, "TP")


def test_a_row_for_every_lesion_by_class_and_side(score: CaseScore) -> None:
    assert_same_lesions(list(score.lesions), [FALSE, MISSED, FOUND, SPECK, PART, MATCH])


def test_the_values_are_pythons_own(score: CaseScore) -> None:
    for lesion in score.lesions:
        assert {type(value) for value in (lesion.class_id, lesion.lesion_id, lesion.voxels)} == {int}
        assert {type(value) for value in (lesion.volume_mm3, lesion.diameter_mm, lesion.iou, lesion.dsc)} == {float}
        assert {type(value) for value in lesion.centroid_mm} == {float}
        assert len(lesion.centroid_mm) == 3


def test_columns_and_rows_are_the_same(score: CaseScore) -> None:
    rows, columns = list(score.lesions), score.lesions
    assert isinstance(columns, Lesions)
    assert len(columns) == len(rows) == 6
    for name in ("class_id", "lesion_id", "voxels", "volume_mm3", "diameter_mm", "iou", "dsc"):
        assert getattr(columns, name).tolist() == [getattr(row, name) for row in rows]
    assert columns.centroid_mm.tolist() == [list(row.centroid_mm) for row in rows]
    assert columns.is_prediction.tolist() == [row.side == "prediction" for row in rows]
    assert columns.matched_id.tolist() == [row.matched_id or 0 for row in rows]
    assert columns.is_matched.tolist() == [row.status == "TP" for row in rows]
    # More than once.
    assert list(columns) == rows


def test_no_lesions() -> None:
    empty = np.zeros((2, 3, 4), np.uint8)
    lesions = score_case(empty, empty, SPACING_MM, (1, 2)).lesions
    assert len(lesions) == 0
    assert list(lesions) == []
    assert not lesions
    assert lesions.centroid_mm.shape == (0, 3)


def test_a_match_is_told_on_both_sides() -> None:
    random = np.random.default_rng(0)
    reference = np.kron(random.integers(0, 3, (4, 6, 6)), np.ones((2, 2, 2), int))
    prediction = np.where(random.random(reference.shape) < 0.05, 0, reference)
    rows = {
        (row.class_id, row.side, row.lesion_id): row
        for row in score_case(reference, prediction, SPACING_MM, (1, 2)).lesions
    }
    matched = [row for row in rows.values() if row.status == "TP"]
    assert len(matched) > 4
    for row in matched:
        assert row.matched_id is not None
        other = rows[row.class_id, "prediction" if row.side == "reference" else "reference", row.matched_id]
        assert (other.matched_id, other.iou, other.dsc, other.status) == (row.lesion_id, row.iou, row.dsc, "TP")


def test_iou_and_dsc_are_of_the_best_of_several_overlaps() -> None:
    reference = np.array([[[1, 1, 1, 1, 1, 1, 1, 1, 0]]])
    prediction = np.array([[[1, 0, 1, 1, 1, 0, 1, 1, 1]]])
    lesions = score_case(reference, prediction, SPACING_MM, (1,)).lesions
    assert [(lesion.iou, lesion.dsc) for lesion in lesions] == [
        (3 / 8, 6 / 11),
        (1 / 8, 2 / 9),
        (3 / 8, 6 / 11),
        (2 / 9, 4 / 11),
    ]
