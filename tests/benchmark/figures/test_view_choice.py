from __future__ import annotations

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.figures.body_planes import BodyGrid
from mswal_bench.benchmark.figures.compared_case import ComparedCase
from mswal_bench.benchmark.figures.view_choice import Target, choose_plane, choose_target

from .conftest import FOUND, GEOMETRY, HALF, INVENTED, MISSED, SHAPE, Compare

GRID = BodyGrid(GEOMETRY)


def voxels(place: tuple[slice, ...]) -> list[int]:
    array = np.zeros(SHAPE, bool)
    array[place] = True
    return np.flatnonzero(array).tolist()


def chosen(compared: ComparedCase, given=None, key: str | None = None, number: int | None = None) -> list[int]:
    target = choose_target(compared, GRID, given or {}, key, number)
    assert target is not None
    return target.voxels().tolist()


def test_the_largest_that_some_miss(planted_case: ComparedCase) -> None:
    # 32 voxels of a tumor and 27 of a cyst are missed.
    assert chosen(planted_case) == voxels(HALF)


def test_what_some_find_and_others_miss_comes_before_what_all_miss(compare_arrays: Compare) -> None:
    reference = np.zeros(SHAPE, np.uint8)
    reference[FOUND], reference[MISSED] = 6, 7  # 48 and 27 voxels
    finds = np.where(reference == 7, reference, 0).astype(np.uint8)
    none = np.zeros_like(reference)
    # 3 miss the larger and none finds it: 48 * 3; 2 miss the smaller and one finds it: 27 * 2 * 2. Then one more each.
    assert chosen(compare_arrays(reference, {"a": finds, "b": none, "c": none})) == voxels(FOUND)
    assert chosen(compare_arrays(reference, {"a": finds, "b": none, "c": none, "d": finds})) == voxels(FOUND)
    reference[FOUND], reference[2:5, 2:6, 2:5] = 0, 6  # 36 voxels
    assert chosen(compare_arrays(reference, {"a": finds, "b": none, "c": none, "d": finds})) == voxels(MISSED)


def test_a_false_positive_where_nothing_is_missed(planted_case: ComparedCase, compare_arrays: Compare) -> None:
    reference = np.zeros(SHAPE, np.uint8)
    reference[FOUND] = 6
    invents = reference.copy()
    invents[INVENTED] = 2
    assert chosen(compare_arrays(reference, {"a": reference, "b": invents})) == voxels(INVENTED)


def test_wrong_voxels_where_all_is_matched_and_the_largest_where_nothing_is_wrong(compare_arrays: Compare) -> None:
    reference = np.zeros(SHAPE, np.uint8)
    reference[FOUND], reference[MISSED] = 6, 7
    aside = reference.copy()
    aside[5, 8:11, 8:11] = 0
    assert chosen(compare_arrays(reference, {"a": aside})) == voxels(MISSED)
    assert chosen(compare_arrays(reference, {"a": reference})) == voxels(FOUND)


def test_what_is_asked_for(planted_case: ComparedCase) -> None:
    assert chosen(planted_case, key="liver_cyst") == voxels(FOUND)
    assert chosen(planted_case, key="kidney_cyst", number=1) == voxels(MISSED)
    # Only a prediction has it.
    assert chosen(planted_case, key="kidney_stone") == voxels(INVENTED)
    for key, number in (("gallstone", None), ("kidney_cyst", 2), ("kidney_stone", 1)):
        with pytest.raises(BenchError, match=rf"{key}.*kidney_cyst:1"):
            chosen(planted_case, key=key, number=number)


def test_given_planes_come_first(planted_case: ComparedCase) -> None:
    assert chosen(planted_case, {"axial": 4}) == voxels(MISSED)
    assert chosen(planted_case, {"axial": 4, "coronal": 3}) == voxels(FOUND)
    # Where there is nothing at all, what would be shown anyway.
    assert chosen(planted_case, {"axial": 0}) == voxels(HALF)


def test_the_plane_with_most_of_it(compare_arrays: Compare) -> None:
    array = np.zeros(SHAPE, np.uint8)
    array[1:9, 4, 4] = 7
    array[2, 4:9, 4] = 7
    compared = compare_arrays(array, {"a": array})
    target = Target(compared.reference, 0)
    assert choose_plane(target, GRID, "axial") == 2
    assert choose_plane(target, GRID, "coronal") == 4
    # Slices that are alike: the middle one.
    array[:] = 0
    array[1:8, 4, 4] = 7
    assert choose_plane(Target(compare_arrays(array, {"a": array}).reference, 0), GRID, "axial") == 4
    assert choose_plane(None, GRID, "coronal") == 6


def test_no_lesion_at_all(compare_arrays: Compare) -> None:
    empty = np.zeros(SHAPE, np.uint8)
    assert choose_target(compare_arrays(empty, {"a": empty}), GRID, {}, None, None) is None
    with pytest.raises(BenchError, match="neither the reference nor a prediction"):
        chosen(compare_arrays(empty, {"a": empty}), key="gallstone")


def test_among_equals_the_first_is_taken(compare_arrays: Compare) -> None:
    array = np.zeros(SHAPE, np.uint8)
    array[1:3, 2:4, 2:4] = array[6:8, 2:4, 2:4] = 7
    assert chosen(compare_arrays(array, {"a": array})) == voxels((slice(1, 3), slice(2, 4), slice(2, 4)))
