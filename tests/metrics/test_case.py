from __future__ import annotations

import doctest
from fractions import Fraction
from math import isnan
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage

from mswal_bench.metrics import CaseScore, ClassCounts, score_case
from mswal_bench.metrics import case as case_module

SPACING_MM = (2.0, 0.5, 0.5)
CLASSES = (1, 2, 3)


def _line(*values: int) -> NDArray[np.uint8]:
    return np.array([[values]], np.uint8)


def _score(reference: NDArray[Any], prediction: NDArray[Any], class_id: int = 1) -> ClassCounts:
    return score_case(reference, prediction, SPACING_MM, CLASSES).classes[class_id]


def test_iou_of_exactly_one_half_is_found() -> None:
    counts = _score(_line(1, 1, 1, 1), _line(1, 1, 0, 0))
    assert (counts.tp, counts.fp, counts.fn) == (1, 0, 0)
    assert counts.dsc == 2 * 2 / (4 + 2)


def test_iou_just_below_one_half_is_not_found() -> None:
    counts = _score(_line(1, 1, 1, 1, 1), _line(1, 1, 0, 0, 0))
    assert (counts.tp, counts.fp, counts.fn) == (0, 1, 1)


def test_one_prediction_over_two_lesions_finds_one_at_most() -> None:
    counts = _score(_line(1, 1, 1, 1, 0, 1, 0), _line(1, 1, 1, 1, 1, 1, 0))
    assert (counts.tp, counts.fp, counts.fn) == (1, 0, 1)
    counts = _score(_line(1, 1, 0, 1, 1), _line(1, 1, 1, 1, 1))
    assert (counts.tp, counts.fp, counts.fn) == (0, 1, 2)


def test_two_predictions_in_one_lesion() -> None:
    counts = _score(_line(1, 1, 1, 1, 1), _line(1, 1, 1, 0, 1))
    assert (counts.tp, counts.fp, counts.fn) == (1, 1, 0)


def test_diagonal_contact_makes_one_lesion() -> None:
    labels = np.zeros((2, 2, 2), np.uint8)
    labels[0, 0, 0] = labels[1, 1, 1] = 1
    counts = _score(labels, labels)
    assert (counts.tp, counts.fp, counts.fn) == (1, 0, 0)


def test_touching_classes_are_different_lesions() -> None:
    score = score_case(_line(1, 1, 2, 2), _line(1, 1, 1, 2), SPACING_MM, CLASSES)
    assert score.classes[1] == ClassCounts(2, 3, 2, tp=1, fp=0, fn=0)
    assert score.classes[2] == ClassCounts(2, 1, 1, tp=1, fp=0, fn=0)


def test_the_right_place_under_the_wrong_class_is_missed_and_false() -> None:
    score = score_case(_line(1, 1), _line(2, 2), SPACING_MM, CLASSES)
    assert score.classes[1] == ClassCounts(2, 0, 0, tp=0, fp=0, fn=1)
    assert score.classes[2] == ClassCounts(0, 2, 0, tp=0, fp=1, fn=0)


def test_both_empty_is_undefined() -> None:
    counts = _score(_line(0, 0), _line(0, 0))
    assert counts == ClassCounts(0, 0, 0, 0, 0, 0)
    assert isnan(counts.dsc)
    assert isnan(counts.f1)


@pytest.mark.parametrize(("reference", "prediction"), [((1, 0), (0, 0)), ((0, 0), (1, 0))])
def test_one_side_empty_is_zero(reference: tuple[int, ...], prediction: tuple[int, ...]) -> None:
    counts = _score(_line(*reference), _line(*prediction))
    assert (counts.dsc, counts.f1) == (0, 0)


def test_specks_count_like_any_lesion() -> None:
    prediction = np.zeros((5, 9, 9), np.uint8)
    prediction[::2, ::2, ::2] = 1
    score = score_case(np.zeros_like(prediction), prediction, SPACING_MM, CLASSES)
    assert score.classes[1] == ClassCounts(0, 75, 0, tp=0, fp=75, fn=0)
    assert {lesion.voxels for lesion in score.lesions} == {1}


def test_lesion_rows() -> None:
    reference, prediction = np.zeros((4, 5, 8), np.uint8), np.zeros((4, 5, 8), np.uint8)
    reference[3, 2, 1:5] = 3
    prediction[3, 2, 2:5] = 3
    prediction[0, 0, 7] = 3
    score = score_case(reference, prediction, SPACING_MM, CLASSES)
    found, speck, match = score.lesions
    assert (found.class_id, found.side, found.lesion_id, found.status) == (3, "reference", 1, "TP")
    assert (found.voxels, found.volume_mm3, found.matched_id, found.iou) == (4, 2.0, 2, 0.75)
    assert found.centroid_mm == (6.0, 1.0, 1.25)
    assert (speck.side, speck.lesion_id, speck.status, speck.matched_id, speck.iou) == ("prediction", 1, "FP", None, 0)
    assert speck.centroid_mm == (0.0, 0.0, 3.5)
    assert (match.lesion_id, match.status, match.matched_id, match.iou) == (2, "TP", 1, 0.75)


def test_a_missed_lesion_tells_its_best_overlap() -> None:
    score = score_case(_line(1, 1, 1, 1, 1, 1), _line(0, 1, 0, 1, 1, 0), SPACING_MM, CLASSES)
    assert [(lesion.status, lesion.iou) for lesion in score.lesions] == [("FN", 2 / 6), ("FP", 1 / 6), ("FP", 2 / 6)]


def test_a_higher_threshold() -> None:
    labels = _line(1, 1, 1, 1), _line(1, 1, 1, 0)
    assert score_case(*labels, SPACING_MM, CLASSES, match_iou=Fraction(3, 4)).classes[1].tp == 1
    assert score_case(*labels, SPACING_MM, CLASSES, match_iou=Fraction(4, 5)).classes[1].tp == 0


def test_classes_not_asked_for_are_background() -> None:
    score = score_case(_line(9, 9), _line(9, 9), SPACING_MM, CLASSES)
    assert list(score.classes) == [1, 2, 3]
    assert not score.lesions


@pytest.mark.parametrize(
    ("reference", "prediction", "spacing", "message"),
    [
        (np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8), SPACING_MM, r"3D reference, got shape \(2, 2\)"),
        (np.zeros((2, 2, 2), float), np.zeros((2, 2, 2), np.uint8), SPACING_MM, "integer labels in the reference"),
        (np.zeros((2, 2, 2), int), np.zeros((2, 2, 3), int), SPACING_MM, r"shape \(2, 2, 2\), got \(2, 2, 3\)"),
        (np.zeros((2, 2, 2), int), np.zeros((2, 2, 2), int), (1.0, 1.0), "three positive spacings"),
        (np.zeros((2, 2, 2), int), np.zeros((2, 2, 2), int), (1.0, 0.0, 1.0), "three positive spacings"),
        (np.zeros((2, 2, 2), int), np.zeros((2, 2, 2), int), (1.0, float("nan"), 1.0), "three positive spacings"),
    ],
)
def test_what_is_refused(
    reference: NDArray[Any], prediction: NDArray[Any], spacing: tuple[float, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        score_case(reference, prediction, spacing, CLASSES)


@pytest.mark.parametrize("dtype", ["u1", "i1", ">i2", "u2", "i4", "u4", "i8", "u8"])
@pytest.mark.parametrize("seed", range(12))
def test_random_label_maps_against_brute_force(seed: int, dtype: str) -> None:
    random = np.random.default_rng([seed, ord(dtype[-1])])
    reference = _blobs(random).astype(dtype)
    prediction = np.where(random.random(reference.shape) < 0.1, _blobs(random, reference.shape), reference)
    score = score_case(reference, prediction.astype(dtype), SPACING_MM, CLASSES)
    for class_id in CLASSES:
        assert score.classes[class_id] == _brute_force(reference == class_id, prediction == class_id)
    _check_rows(score)


def _blobs(random: np.random.Generator, shape: tuple[int, ...] | None = None) -> NDArray[np.uint8]:
    size = tuple(int(side) for side in random.integers(2, 12, 3)) if shape is None else shape
    coarse = random.integers(0, 4, size) * (random.random(size) < 0.4)
    return ndimage.grey_dilation(coarse, size=(1, 2, 2)).astype(np.uint8)


def _brute_force(reference: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> ClassCounts:
    (r, r_count), (p, p_count) = (ndimage.label(mask, np.ones((3, 3, 3))) for mask in (reference, prediction))
    tp = sum(
        int(2 * np.count_nonzero((r == i) & (p == j)) >= np.count_nonzero((r == i) | (p == j)))
        for i in range(1, r_count + 1)
        for j in range(1, p_count + 1)
    )
    r_voxels, p_voxels, shared = (
        int(np.count_nonzero(mask)) for mask in (reference, prediction, reference & prediction)
    )
    return ClassCounts(r_voxels, p_voxels, shared, tp=tp, fp=int(p_count) - tp, fn=int(r_count) - tp)


def _check_rows(score: CaseScore) -> None:
    """The rows tell the same story as the counts."""
    for class_id, counts in score.classes.items():
        rows = [lesion for lesion in score.lesions if lesion.class_id == class_id]
        sides = {side: [row for row in rows if row.side == side] for side in ("reference", "prediction")}
        assert sum(row.voxels for row in sides["reference"]) == counts.reference_voxels
        assert sum(row.voxels for row in sides["prediction"]) == counts.prediction_voxels
        assert [row.status for row in sides["reference"]].count("TP") == counts.tp
        assert [row.status for row in sides["prediction"]].count("TP") == counts.tp
        assert [row.status for row in rows].count("FP") == counts.fp
        assert [row.status for row in rows].count("FN") == counts.fn
        for row in rows:
            assert (row.matched_id is not None) == (row.status == "TP") == (row.iou >= 0.5)


_LABELS = arrays(np.uint8, (2, 3, 5), elements=st.sampled_from([0, 0, 1, 2]))


@settings(max_examples=150, deadline=None)
@given(_LABELS, _LABELS)
def test_symmetries(reference: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> None:
    counts = score_case(reference, prediction, (1, 1, 1), (1, 2)).classes
    swapped = score_case(prediction, reference, (1, 1, 1), (1, 2)).classes
    mirrored = score_case(reference[::-1, :, ::-1], prediction[::-1, :, ::-1], (1, 1, 1), (1, 2)).classes
    turned = score_case(reference.transpose(2, 0, 1), prediction.transpose(2, 0, 1), (1, 1, 1), (1, 2)).classes
    padded = score_case(np.pad(reference, 2), np.pad(prediction, 2), (1, 1, 1), (1, 2)).classes
    assert counts == mirrored == turned == padded
    for class_id, there in counts.items():
        back = swapped[class_id]
        assert (there.tp, there.fp, there.fn, there.intersection_voxels) == (
            back.tp,
            back.fn,
            back.fp,
            back.intersection_voxels,
        )


def test_the_docstrings_example_runs() -> None:
    module: ModuleType = case_module
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(module).attempted > 0
