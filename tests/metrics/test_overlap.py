from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mswal_bench.metrics import foreground_of
from mswal_bench.metrics.components import Components, connected_components
from mswal_bench.metrics.overlap import OverlapTable, dsc, f1, overlap_table

from .brute_force import blobs, component_array


@pytest.mark.parametrize(
    ("counts", "expected"), [((4, 4, 4), 1.0), ((4, 4, 2), 0.5), ((3, 1, 1), 0.5), ((4, 0, 0), 0.0), ((0, 4, 0), 0.0)]
)
def test_dsc(counts: tuple[int, int, int], expected: float) -> None:
    assert dsc(*counts) == expected


def test_dsc_of_two_empty_sides_is_undefined() -> None:
    assert isnan(dsc(0, 0, 0))


@pytest.mark.parametrize(("counts", "expected"), [((1, 0, 0), 1.0), ((1, 1, 1), 0.5), ((0, 3, 0), 0.0), ((0, 0, 1), 0)])
def test_f1(counts: tuple[int, int, int], expected: float) -> None:
    assert f1(*counts) == expected


def test_f1_without_any_lesion_is_undefined() -> None:
    assert isnan(f1(0, 0, 0))


def _of(labels: NDArray[np.integer]) -> Components:
    return connected_components(foreground_of(labels))


def _line(*values: int) -> Components:
    return _of(np.array([[values]]))


def _columns(table: OverlapTable) -> list[list[int]]:
    columns = (table.reference, table.prediction, table.intersection_voxels, table.union_voxels)
    assert {column.dtype for column in columns} == {np.dtype(np.int64)}
    return [column.tolist() for column in columns]


def test_overlapping_pairs_are_counted() -> None:
    table = overlap_table(_line(1, 1, 1, 0, 0, 1, 1), _line(1, 0, 1, 1, 0, 0, 1))
    assert _columns(table) == [[0, 0, 1], [0, 1, 2], [1, 1, 1], [3, 4, 2]]
    assert table.iou.tolist() == [1 / 3, 1 / 4, 1 / 2]
    assert table.dsc.tolist() == [2 / 4, 2 / 5, 2 / 3]


def test_components_of_different_classes_do_not_overlap() -> None:
    table = overlap_table(_line(2, 2, 1, 1, 3), _line(1, 2, 2, 1, 3))
    # On both sides component 0 is of class 1; the prediction has two of it.
    assert _columns(table) == [[0, 1, 2], [1, 2, 3], [1, 1, 1], [2, 3, 1]]


def test_runs_that_only_meet_do_not_overlap() -> None:
    assert _columns(overlap_table(_line(1, 1, 0, 0, 1), _line(0, 0, 1, 1, 0))) == [[], [], [], []]


def test_what_overlaps_in_many_runs_is_one_pair() -> None:
    first = np.ones((3, 4, 5), int)
    second = first.copy()
    second[:, :, 2] = 0
    second[0, 0, 2] = 1
    assert _columns(overlap_table(_of(first), _of(second))) == [[0], [0], [49], [60]]
    assert _columns(overlap_table(_of(second), _of(first))) == [[0], [0], [49], [60]]


def test_an_empty_side_gives_no_pair() -> None:
    full, empty = _line(1, 1), _line(0, 0)
    for sides in ((full, empty), (empty, full), (empty, empty)):
        table = overlap_table(*sides)
        assert _columns(table) == [[], [], [], []]
        assert table.iou.size == table.dsc.size == 0


@given(st.integers(0, 2**32))
def test_random_pairs_against_a_table_of_all_voxels(seed: int) -> None:
    random = np.random.default_rng(seed)
    first = blobs(random)
    second = np.where(random.random(first.shape) < random.random(), blobs(random, first.shape), first)
    sides = _of(first), _of(second)
    r, p = (component_array(side) for side in sides)
    same_class = (first == second) & (first > 0)
    expected = [
        (a - 1, b - 1, np.count_nonzero((r == a) & (p == b)), np.count_nonzero((r == a) | (p == b)))
        for a, b in np.unique(np.stack([r[same_class], p[same_class]], axis=1), axis=0).tolist()
    ]
    assert list(zip(*_columns(overlap_table(*sides)), strict=True)) == expected
