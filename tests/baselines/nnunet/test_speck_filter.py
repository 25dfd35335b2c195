"""Specks are components of less than a given volume; the expected values are counted by hand."""

import numpy as np
import pytest

from mswal_bench.baselines.nnunet.speck_filter import shares_of_smallest_mm3, smallest_lesions_mm3, without_specks

UNIT = (1.0, 1.0, 1.0)


def rods(*lengths_and_classes: tuple[int, int]) -> np.ndarray:
    """One straight rod of voxels a pair, far enough apart to touch no other."""
    labels = np.zeros((1, 2 * len(lengths_and_classes), 12), np.uint8)
    for row, (length, class_id) in enumerate(lengths_and_classes):
        labels[0, 2 * row, :length] = class_id
    return labels


def test_a_speck_goes_and_what_is_just_large_enough_stays():
    found = without_specks(rods((3, 1), (4, 1), (9, 1)), UNIT, {1: 4.0})
    np.testing.assert_array_equal(found, rods((0, 1), (4, 1), (9, 1)))
    assert found.dtype == np.uint8


@pytest.mark.parametrize("spacing", [(2.5, 0.7, 0.7), (0.1, 0.3, 1.1), (3.3, 3.3, 3.3)])
@pytest.mark.parametrize("voxels", [2, 6, 10])
def test_a_lesion_of_exactly_half_the_smallest_stays_whatever_the_spacing(spacing, voxels):
    least = {class_id: 0.5 * mm3 for class_id, mm3 in smallest_lesions_mm3([(rods((voxels, 2)), spacing)]).items()}
    predicted = rods((voxels // 2, 2), (voxels // 2 - 1, 2))
    np.testing.assert_array_equal(without_specks(predicted, spacing, least), rods((voxels // 2, 2), (0, 2)))


def test_every_class_has_its_own_least_volume():
    predicted = rods((3, 1), (3, 2), (8, 2))
    np.testing.assert_array_equal(without_specks(predicted, UNIT, {1: 2.0, 2: 5.0}), rods((3, 1), (0, 2), (8, 2)))


def test_touching_components_of_two_classes_are_weighed_apart():
    predicted = np.array([[[1, 1, 2, 2, 2, 2]]], np.uint8)
    expected = np.array([[[0, 0, 2, 2, 2, 2]]], np.uint8)
    np.testing.assert_array_equal(without_specks(predicted, UNIT, {1: 3.0, 2: 3.0}), expected)


def test_voxels_that_touch_by_a_corner_are_one_component():
    predicted = np.zeros((2, 2, 2), np.uint8)
    predicted[0, 0, 0] = predicted[1, 1, 1] = 1
    np.testing.assert_array_equal(without_specks(predicted, UNIT, {1: 2.0}), predicted)


def test_volumes_are_in_mm3_and_not_in_voxels():
    # 6 voxels of 1 x 1 x 2 mm3 are 12 mm3, where the least is 10; on a grid of 1 mm they are 6.
    predicted = rods((6, 1))
    np.testing.assert_array_equal(without_specks(predicted, (1.0, 1.0, 2.0), {1: 10.0}), predicted)
    assert not without_specks(predicted, UNIT, {1: 10.0}).any()


def test_a_class_that_no_training_case_has_is_left_alone():
    predicted = rods((1, 1), (1, 7))
    np.testing.assert_array_equal(without_specks(predicted, UNIT, {1: 2.0}), rods((0, 1), (1, 7)))


def test_an_empty_prediction_stays_empty():
    assert not without_specks(np.zeros((3, 4, 5), np.uint8), UNIT, {1: 2.0}).any()


def test_the_smallest_lesion_of_a_class_is_found_over_cases_of_different_spacing():
    # Class 1: 4 and 5 voxels of 1 mm3, then 2 of 1.5 mm3; class 3: in the second case only.
    cases = [(rods((4, 1), (5, 1)), UNIT), (rods((2, 1), (7, 3)), (3.0, 0.5, 1.0)), (rods((0, 1)), UNIT)]
    assert smallest_lesions_mm3(cases) == {1: 3.0, 3: 10.5}
    assert shares_of_smallest_mm3(0.5, cases) == {1: 1.5, 3: 5.25}
    unread = iter(cases)
    assert shares_of_smallest_mm3(0, unread) == {}
    assert len(list(unread)) == len(cases)
    assert smallest_lesions_mm3([]) == {}
