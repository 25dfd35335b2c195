from __future__ import annotations

from fractions import Fraction
from math import isnan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mswal_bench.metrics import CaseScore, ClassCounts, Foreground, foreground_of, score_case

from . import brute_force
from .brute_force import blobs

SPACING_MM = (2.0, 0.5, 0.5)
CLASSES = (1, 2, 3)


Pair = tuple[NDArray[Any], NDArray[Any]]


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


def test_anisotropic_voxels_count_alike_and_measure_by_their_size() -> None:
    """In voxels a tie, whatever their shape; volume and diameter are in mm."""
    labels = np.zeros((3, 4, 5), np.uint8)
    labels[0:2, 1:3, 1:4] = 1
    half = labels.copy()
    half[1] = 0
    for spacing in ((5.0, 0.7, 0.7), (0.7, 0.7, 5.0), (1.0, 1.0, 1.0)):
        score = score_case(labels, half, spacing, [1])
        assert score.classes[1] == ClassCounts(12, 6, 6, tp=1, fp=0, fn=0)
        for lesion in score.lesions:
            assert lesion.volume_mm3 == pytest.approx(lesion.voxels * np.prod(spacing))
            assert lesion.diameter_mm == round(np.hypot(2 * spacing[1], 3 * spacing[2]), 3)
    along = [score_case(labels, half, (5, 2, 1), [1], axial_axis=axis).lesions.diameter_mm[1] for axis in range(3)]
    assert along == [round(np.hypot(*sides), 3) for sides in ((4, 3), (5, 3), (5, 4))]


def test_a_lesion_at_the_border_does_not_go_round_it() -> None:
    labels = np.zeros((3, 3, 3), np.uint8)
    labels[0, 0, 2] = labels[0, 1, 0] = labels[0, 2, 2] = labels[1, 0, 0] = 1
    score = score_case(labels, labels, SPACING_MM, CLASSES)
    assert score.classes[1] == ClassCounts(4, 4, 4, tp=3, fp=0, fn=0)
    # The last voxel of the array and the first.
    labels = np.zeros((3, 3, 3), np.uint8)
    labels[0, 0, 0] = labels[2, 2, 2] = 1
    assert score_case(labels, labels, SPACING_MM, CLASSES).classes[1].tp == 2


def test_each_of_two_matches_at_a_tie() -> None:
    counts = _score(_line(1, 1, 0, 1, 1, 1, 1), _line(1, 0, 0, 0, 0, 1, 1))
    assert counts == ClassCounts(6, 3, 3, tp=2, fp=0, fn=0)


def test_at_connectivity_6_a_diagonal_is_two_lesions() -> None:
    labels = np.eye(2, dtype=np.uint8)[None]
    for connectivity, lesions in ((6, 2), (18, 1), (26, 1)):
        assert score_case(labels, labels, SPACING_MM, [1], connectivity=connectivity).classes[1].tp == lesions  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(0, 3, 3), (3, 0, 3), (3, 3, 0)])
def test_arrays_of_no_voxels(shape: tuple[int, ...]) -> None:
    labels = np.zeros(shape, np.uint8)
    assert score_case(labels, labels, SPACING_MM, [1]).classes == {1: ClassCounts(0, 0, 0, 0, 0, 0)}


def test_no_classes() -> None:
    score = score_case(_line(1, 2), _line(1, 2), SPACING_MM, ())
    assert score.classes == {}
    assert not score.lesions


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spacing_mm": (1.0, -1.0, 1.0)}, "three positive spacings"),
        ({"spacing_mm": (1.0, 1.0, float("inf"))}, "three positive spacings"),
        ({"spacing_mm": (1.0, 1.0, 1.0, 1.0)}, "three positive spacings"),
        ({"class_ids": (0, 1)}, "class ids from 1 to 255"),
        ({"class_ids": (1, 256)}, "class ids from 1 to 255"),
        ({"class_ids": (-1,)}, "class ids from 1 to 255"),
        ({"axial_axis": 3}, "0, 1 or 2 for the axial axis"),
        ({"axial_axis": -1}, "0, 1 or 2 for the axial axis"),
        ({"nsd_tolerance_mm": -2.0}, "a tolerance of 0 mm or more"),
        ({"nsd_tolerance_mm": float("nan")}, "a tolerance of 0 mm or more"),
        ({"nsd_tolerance_mm": float("inf")}, "a tolerance of 0 mm or more"),
        ({"match_iou": Fraction(49, 100)}, "from 1/2"),
        ({"match_iou": Fraction(101, 100)}, "from 1/2"),
    ],
)
@pytest.mark.parametrize("as_foreground", [False, True])
def test_what_options_are_refused(options: dict[str, Any], message: str, as_foreground: bool) -> None:
    labels: Any = np.ones((2, 2, 2), np.uint8)
    if as_foreground:
        labels = foreground_of(labels)
    with pytest.raises(ValueError, match=message):
        score_case(**{"reference": labels, "prediction": labels, "spacing_mm": SPACING_MM, "class_ids": (1,)} | options)


def test_shapes_of_an_array_and_a_foreground_must_agree() -> None:
    first, second = np.zeros((2, 3, 4), np.uint8), np.zeros((2, 4, 3), np.uint8)
    message = r"shape \(2, 3, 4\), got \(2, 4, 3\)"
    with pytest.raises(ValueError, match=message):
        score_case(foreground_of(first), second, SPACING_MM, CLASSES)
    with pytest.raises(ValueError, match=message):
        score_case(first, foreground_of(second), SPACING_MM, CLASSES)


# Random label maps.


@pytest.mark.parametrize("dtype", ["u1", "i1", "<i2", ">i2", "u2", ">u2", "i4", ">i4", "u4", "i8", ">i8", "u8"])
def test_random_label_maps_against_brute_force(dtype: str) -> None:
    """Every count of every class and every number of every lesion of 12 x 30 pairs of label maps."""
    random = np.random.default_rng([*dtype.encode()])
    for number in range(30):
        axial_axis = number % 3
        reference, prediction = _random_pair(random)
        spacing = tuple(random.uniform(0.4, 6, 3).tolist())
        class_ids = tuple(random.permutation([1, 2, 3]).tolist())
        connectivity = random.choice([6, 18, 26, 26]).item()
        match_iou = (Fraction(1, 2), Fraction(1, 2), Fraction(2, 3), Fraction(1))[random.integers(4)]
        options = {"axial_axis": axial_axis, "connectivity": connectivity, "match_iou": match_iou}
        score = score_case(reference.astype(dtype), prediction.astype(dtype), spacing, class_ids, **options)
        counts, lesions = brute_force.score(reference, prediction, spacing, class_ids, **options)
        assert score.classes == counts
        assert list(score.classes) == list(class_ids)
        assert score.voxel_mm3 == pytest.approx(spacing[0] * spacing[1] * spacing[2], rel=1e-15)
        brute_force.assert_same_lesions(list(score.lesions), sorted(lesions, key=lambda lesion: lesion.class_id))
        _check_rows(score, match_iou)


def _random_pair(random: np.random.Generator) -> Pair:
    """A label map, and the same with some of it changed: in places, shifted, or altogether."""
    reference = blobs(random)
    other = blobs(random, reference.shape)
    if random.random() < 0.3:
        reference_moved = np.roll(reference, random.integers(-1, 2, 3), axis=(0, 1, 2))
        return reference, reference_moved
    return reference, np.where(random.random(reference.shape) < random.choice([0, 0.1, 0.3, 1]), other, reference)


def _check_rows(score: CaseScore, match_iou: Fraction) -> None:
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
            # As a float, a ratio of such small numbers is as near to the threshold as this only when it is that.
            assert (row.matched_id is not None) == (row.status == "TP") == (row.iou > float(match_iou) - 1e-9)
            assert abs(row.dsc - 2 * row.iou / (1 + row.iou)) < 1e-12


def test_any_label_of_a_byte_is_a_class() -> None:
    random = np.random.default_rng(0)
    class_ids = range(1, 256)
    for _ in range(3):
        reference = random.integers(0, 256, (3, 9, 11))
        prediction = np.where(random.random(reference.shape) < 0.2, random.integers(0, 256, (3, 9, 11)), reference)
        score = score_case(reference, prediction, SPACING_MM, class_ids)
        counts, lesions = brute_force.score(reference, prediction, SPACING_MM, class_ids)
        assert score.classes == counts
        brute_force.assert_same_lesions(list(score.lesions), lesions)


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_arrays_and_foregrounds_give_the_same(seed: int) -> None:
    random = np.random.default_rng(seed)
    reference, prediction = _random_pair(random)
    # Class 3 is in the foreground and not asked for.
    scores = [
        score_case(mine, theirs, SPACING_MM, (2, 1))
        for mine in (reference, foreground_of(reference))
        for theirs in (prediction, foreground_of(prediction))
    ]
    for score in scores:
        assert score.classes == scores[0].classes
        assert list(score.lesions) == list(scores[0].lesions)


def test_labels_of_any_layout_and_read_only() -> None:
    random = np.random.default_rng(1)
    reference, prediction = blobs(random, (6, 7, 8)), blobs(random, (6, 7, 8))
    score = score_case(reference, prediction, SPACING_MM, CLASSES)
    padded = np.pad(prediction, 3)
    padded.flags.writeable = False
    other = score_case(np.asfortranarray(reference), padded[3:-3, 3:-3, 3:-3], SPACING_MM, CLASSES)
    assert other.classes == score.classes
    assert list(other.lesions) == list(score.lesions)
    assert len(score.lesions) > 5


def test_more_voxels_than_32_bits_count() -> None:
    shape = (5000, 1024, 1024)
    corners = np.array([(0, 0, 0), (2047, 1023, 1022), (4095, 1023, 1022), (4999, 0, 0)])
    starts = np.ravel_multi_index(tuple(corners.T), shape)
    two_voxels = np.full(4, 2)
    labels = Foreground(shape, starts, two_voxels, np.full(4, 7))
    score = score_case(labels, labels, (1, 1, 1), [7])
    assert score.classes[7] == ClassCounts(8, 8, 8, tp=4, fp=0, fn=0)
    assert score.lesions.centroid_mm[:4].tolist() == np.add(corners, (0, 0, 0.5)).tolist()
