"""Properties of `score_case`: what must not make a difference to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from mswal_bench.metrics import ClassCounts, Lesion, score_case
from mswal_bench.metrics.lesions import LesionStatus

SPACING_MM = (2.0, 0.5, 0.5)
CLASSES = (1, 2, 3)
Pair = tuple[NDArray[Any], NDArray[Any]]

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
    missed: LesionStatus = "FP" if predicted else "FN"
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
