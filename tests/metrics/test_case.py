from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from math import isnan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from mswal_bench.metrics import CaseScore, ClassCounts, Foreground, Lesion, foreground_of, score_case
from mswal_bench.metrics.lesions import Status
from mswal_bench.tests.metrics import brute_force
from mswal_bench.tests.metrics.brute_force import blobs

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
            assert lesion.diameter_mm == pytest.approx(np.hypot(2 * spacing[1], 3 * spacing[2]))
    along = [score_case(labels, half, (5, 2, 1), [1], axial_axis=axis).lesions.diameter_mm[1] for axis in range(3)]
    assert along == [pytest.approx(np.hypot(*sides)) for sides in ((4, 3), (5, 3), (5, 4))]


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
        ({"match_iou": Fraction(49, 100)}, "between 1/2"),
        ({"match_iou": Fraction(101, 100)}, "between 1/2"),
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
@pytest.mark.parametrize("axial_axis", range(3))
def test_random_label_maps_against_brute_force(dtype: str, axial_axis: int) -> None:
    """Every count of every class and every number of every lesion of 12 x 3 x 15 pairs of label maps."""
    random = np.random.default_rng([axial_axis, *dtype.encode()])
    for _ in range(15):
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


@pytest.mark.parametrize("seed", range(40))
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


# What must not make a difference.

_SHAPE = st.tuples(*[st.integers(1, 6)] * 3)
_SPACING = st.tuples(*[st.sampled_from([0.5, 0.7, 1.0, 3.0])] * 3)
_AXIS = st.integers(0, 2)


@st.composite
def _pairs(draw: st.DrawFn) -> Pair:
    shape = draw(_SHAPE)
    labels = arrays(np.uint8, shape, elements=st.sampled_from([0, 0, 1, 1, 2]))
    reference, other = draw(labels), draw(labels)
    if draw(st.booleans()):
        return reference, other
    changed = draw(arrays(bool, shape, elements=st.sampled_from([False, False, False, True])))
    return reference, np.where(changed, other, reference)


def _numbers(lesions: Iterable[Lesion]) -> Counter[tuple[Any, ...]]:
    """All that a row says but which number it has and where it lies, which are the array's."""
    return Counter(
        (
            lesion.class_id,
            lesion.side,
            lesion.voxels,
            round(lesion.volume_mm3, 9),
            round(lesion.diameter_mm, 9),
            lesion.iou,
            lesion.dsc,
            lesion.status,
        )
        for lesion in lesions
    )


@settings(max_examples=150, deadline=None)
@given(_pairs(), _SPACING, _AXIS)
def test_swapped_sides_swap_false_and_missed(pair: Pair, spacing: tuple[float, ...], axial_axis: int) -> None:
    there = score_case(*pair, spacing, (1, 2), axial_axis=axial_axis)
    back = score_case(*pair[::-1], spacing, (1, 2), axial_axis=axial_axis)
    for class_id, counts in there.classes.items():
        assert back.classes[class_id] == ClassCounts(
            counts.prediction_voxels,
            counts.reference_voxels,
            counts.intersection_voxels,
            tp=counts.tp,
            fp=counts.fn,
            fn=counts.fp,
        )
    assert {_swapped(lesion) for lesion in there.lesions} == set(back.lesions)


def _swapped(lesion: Lesion) -> Lesion:
    predicted = lesion.side == "reference"
    missed: Status = "FP" if predicted else "FN"
    return replace(
        lesion,
        side="prediction" if predicted else "reference",
        status=lesion.status if lesion.status == "TP" else missed,
    )


@settings(max_examples=150, deadline=None)
@given(_pairs(), _SPACING, _AXIS, st.tuples(*[st.sampled_from([1, -1])] * 3), st.permutations(range(3)))
def test_flipped_and_transposed_arrays_give_the_same(
    pair: Pair,
    spacing: tuple[float, ...],
    axial_axis: int,
    steps: tuple[int, ...],
    order: list[int],
) -> None:
    score = score_case(*pair, spacing, (1, 2), axial_axis=axial_axis)
    reference, prediction = (side[tuple(slice(None, None, step) for step in steps)].transpose(order) for side in pair)
    other = score_case(
        reference, prediction, [spacing[axis] for axis in order], (1, 2), axial_axis=order.index(axial_axis)
    )
    assert other.classes == score.classes
    assert other.voxel_mm3 == pytest.approx(score.voxel_mm3, rel=1e-15)
    assert _numbers(other.lesions) == _numbers(score.lesions)
    if len(score.lesions):
        size = (np.array(pair[0].shape) - 1) * spacing
        flipped = np.where(np.array(steps) < 0, size - score.lesions.centroid_mm, score.lesions.centroid_mm)
        distances = cdist(flipped[:, order], other.lesions.centroid_mm)
        assert distances.min(axis=0).max() < 1e-9
        assert distances.min(axis=1).max() < 1e-9


@settings(max_examples=100, deadline=None)
@given(_pairs(), _SPACING, _AXIS, st.lists(st.integers(0, 5), min_size=6, max_size=6))
def test_padding_with_background_gives_the_same(
    pair: Pair, spacing: tuple[float, ...], axial_axis: int, widths: list[int]
) -> None:
    score = score_case(*pair, spacing, (1, 2), axial_axis=axial_axis)
    before, after = widths[:3], widths[3:]
    reference, prediction = (np.pad(side, list(zip(before, after, strict=True))) for side in pair)
    other = score_case(reference, prediction, spacing, (1, 2), axial_axis=axial_axis)
    assert other.classes == score.classes
    assert len(other.lesions) == len(score.lesions)
    # Even the order and the ids are the same; centroids move along.
    for lesion, moved in zip(score.lesions, other.lesions, strict=True):
        assert replace(moved, centroid_mm=lesion.centroid_mm) == lesion
        shift = [width * step for width, step in zip(before, spacing, strict=True)]
        np.testing.assert_allclose(np.subtract(moved.centroid_mm, lesion.centroid_mm), shift, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(_pairs(), st.lists(st.integers(1, 255), min_size=2, max_size=2, unique=True))
def test_other_names_for_the_classes_give_the_same(pair: Pair, names: list[int]) -> None:
    score = score_case(*pair, SPACING_MM, (1, 2))
    reference, prediction = (np.array([0, *names], np.uint8)[side] for side in pair)
    other = score_case(reference, prediction, SPACING_MM, names)
    assert other.classes == {name: score.classes[class_id] for name, class_id in zip(names, (1, 2), strict=True)}
    back = dict(zip(names, (1, 2), strict=True))
    assert {replace(lesion, class_id=back[lesion.class_id]) for lesion in other.lesions} == set(score.lesions)


@settings(max_examples=100, deadline=None)
@given(_pairs())
def test_classes_do_not_see_each_other(pair: Pair) -> None:
    score = score_case(*pair, SPACING_MM, (1, 2))
    for class_id in (1, 2):
        reference, prediction = (np.where(side == class_id, side, 0) for side in pair)
        alone = score_case(reference, prediction, SPACING_MM, [class_id])
        assert alone.classes == {class_id: score.classes[class_id]}
        assert list(alone.lesions) == [lesion for lesion in score.lesions if lesion.class_id == class_id]


@settings(max_examples=50, deadline=None)
@given(_pairs())
def test_a_perfect_prediction(pair: Pair) -> None:
    score = score_case(pair[0], pair[0], SPACING_MM, (1, 2))
    for counts in score.classes.values():
        assert (counts.fp, counts.fn) == (0, 0)
        assert counts.dsc == 1 or counts.reference_voxels == 0
    assert all(lesion.matched_id == lesion.lesion_id and lesion.iou == lesion.dsc == 1 for lesion in score.lesions)


def test_more_voxels_than_32_bits_count() -> None:
    shape = (5000, 1024, 1024)
    corners = np.array([(0, 0, 0), (2047, 1023, 1022), (4095, 1023, 1022), (4999, 0, 0)])
    starts = np.ravel_multi_index(tuple(corners.T), shape)
    two_voxels = np.full(4, 2)
    labels = Foreground(shape, starts, two_voxels, np.full(4, 7))
    score = score_case(labels, labels, (1, 1, 1), [7])
    assert score.classes[7] == ClassCounts(8, 8, 8, tp=4, fp=0, fn=0)
    assert score.lesions.centroid_mm[:4].tolist() == np.add(corners, (0, 0, 0.5)).tolist()
