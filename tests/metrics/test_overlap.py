from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from mswal_bench.metrics.components import connected_components
from mswal_bench.metrics.overlap import dsc, f1, overlap_table


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


def test_overlapping_pairs_are_counted() -> None:
    reference = connected_components(np.array([[[1, 1, 1, 0, 0, 1, 1]]], bool))
    prediction = connected_components(np.array([[[1, 0, 1, 1, 0, 0, 1]]], bool))
    table = overlap_table(reference, prediction)
    pairs = [table.reference_ids, table.prediction_ids, table.intersection_voxels, table.union_voxels]
    assert [column.tolist() for column in pairs] == [[1, 1, 2], [1, 2, 3], [1, 1, 1], [3, 4, 2]]
    assert table.iou.tolist() == [1 / 3, 1 / 4, 1 / 2]


def test_an_empty_side_gives_no_pair() -> None:
    full, empty = connected_components(np.ones((2, 2, 2), bool)), connected_components(np.zeros((2, 2, 2), bool))
    assert overlap_table(full, empty).iou.size == 0
    assert overlap_table(empty, full).iou.size == 0
