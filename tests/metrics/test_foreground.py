from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from mswal_bench.metrics import Foreground, foreground_of
from mswal_bench.metrics.foreground import ForegroundBuilder, Runs, find_runs

from .brute_force import blobs

INTEGERS = [order + kind + size for order in "<>" for kind in "iu" for size in "1248"]
FLOATS = [order + "f" + size for order in "<>" for size in "248"]
LABELS = arrays(np.uint8, array_shapes(min_dims=3, max_dims=3, max_side=6), elements=st.sampled_from([0, 0, 1, 1, 2]))
LAYOUTS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "C": lambda labels: labels,
    "Fortran": np.asfortranarray,
    "transposed": lambda labels: labels.transpose(2, 0, 1),
    "flipped": lambda labels: labels[::-1, :, ::-1],
    "every second": lambda labels: labels[:, ::2, ::2],
    "repeated": lambda labels: np.broadcast_to(labels[:1], labels.shape),
}


def _rows(labels: NDArray[Any]) -> list[tuple[int, int, int]]:
    """Start, length and class id of the runs of every row, voxel by voxel."""
    runs, place = [], 0
    for row in labels.reshape(-1, labels.shape[2]).tolist() if labels.size else ():
        for class_id, voxels in groupby(row):
            length = len(list(voxels))
            if class_id:
                runs.append((place, length, class_id))
            place += length
    return runs


def _runs(found: Foreground) -> list[tuple[int, ...]]:
    assert found.starts.dtype == found.lengths.dtype == found.class_ids.dtype == np.int64
    return list(zip(found.starts.tolist(), found.lengths.tolist(), found.class_ids.tolist(), strict=True))


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
def test_find_runs_of_every_dtype(dtype: str) -> None:
    # With what is left over behind whole words of eight bytes, and without.
    for behind in range(9):
        runs = find_runs(np.array([0, 0, 5, 5, 5, 1, 0, 1] + [0] * 16 + [2, 2] + [0] * 7 + [3] * behind, dtype))
        assert runs.starts.tolist() == [2, 5, 7, 24, 33][: 5 if behind else 4]
        assert runs.lengths.tolist() == [3, 1, 1, 2, behind][: 5 if behind else 4]
        assert runs.values.tolist() == [5, 1, 1, 2, 3][: 5 if behind else 4]


def test_values_that_differ_in_one_byte_only() -> None:
    for dtype in ("<i8", ">i8"):
        values = np.array([0, 1, 1 << 32, 1 << 62, -(1 << 62), 0], dtype)
        assert find_runs(values).values.tolist() == values[1:-1].tolist()


@pytest.mark.parametrize("dtype", FLOATS)
def test_nan_is_a_run(dtype: str) -> None:
    runs = find_runs(np.array([0, np.nan, np.nan, np.nan, 1, np.inf, np.inf], dtype))
    assert runs.starts.tolist() == [1, 4, 5]
    assert np.isnan(runs.values[0])


def test_minus_zero_is_background_too() -> None:
    builder = ForegroundBuilder((1, 1, 5))
    builder.add(find_runs(np.array([0.0, -0.0, 2.0, -0.0, 2.0])), 5)
    assert _runs(builder.finish()) == [(2, 1, 2), (4, 1, 2)]


def test_find_runs_of_nothing_and_of_one_value() -> None:
    assert find_runs(np.zeros(0, np.uint8)).starts.size == 0
    one = find_runs(np.array([7], np.uint8))
    assert (one.starts.tolist(), one.lengths.tolist(), one.values.tolist()) == ([0], [1], [7])


@given(arrays(st.sampled_from(["u1", ">i2", "<u4", ">f8"]), st.integers(1, 60), elements=st.sampled_from([0, 1, 2])))
def test_runs_hold_all_that_is_not_0_and_neighbours_differ(values: NDArray[Any]) -> None:
    runs = find_runs(values)
    rebuilt = np.zeros_like(values)
    rebuilt[
        np.repeat(runs.starts - np.cumsum(runs.lengths) + runs.lengths, runs.lengths) + np.arange(runs.lengths.sum())
    ] = np.repeat(runs.values, runs.lengths)
    np.testing.assert_array_equal(rebuilt, values)
    touch = runs.starts[1:] == runs.starts[:-1] + runs.lengths[:-1]
    assert (runs.values[1:] != runs.values[:-1])[touch].all()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_there_and_back(dtype: str, layout: str) -> None:
    labels = LAYOUTS[layout](blobs(np.random.default_rng(1), (5, 8, 9)).astype(dtype))
    labels.flags.writeable = False
    found = foreground_of(labels)
    assert found.shape == labels.shape
    assert _runs(found) == _rows(labels)
    assert len(_runs(found)) > 10
    np.testing.assert_array_equal(found.to_array(), labels)


@given(LABELS, st.sampled_from([1, 7, 30, 64, 1 << 19]))
def test_runs_are_as_long_as_class_and_row_allow_in_blocks_of_any_size(
    labels: NDArray[np.uint8], block_voxels: int
) -> None:
    assert _runs(foreground_of(labels, block_voxels=block_voxels)) == _rows(labels)


def test_what_fills_rows_and_planes_is_cut_at_the_ends_of_rows() -> None:
    assert _runs(foreground_of(np.full((2, 3, 4), 7))) == [(start, 4, 7) for start in range(0, 24, 4)]
    labels = np.zeros((2, 2, 3), int)
    labels[0, 1, 2] = labels[1] = 1
    assert _runs(foreground_of(labels)) == [(5, 1, 1), (6, 3, 1), (9, 3, 1)]
    # Rows of one voxel.
    assert _runs(foreground_of(np.ones((2, 2, 1), int))) == [(start, 1, 1) for start in range(4)]


@settings(max_examples=200)
@given(LABELS, st.data())
def test_pieces_of_any_size_give_the_same_foreground(labels: NDArray[np.uint8], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, labels.size), max_size=8)))
    builder = ForegroundBuilder(labels.shape)
    for piece in np.split(labels.ravel(), cuts):  # empty ones too, where two cuts are one
        builder.add(find_runs(piece), piece.size)
    assert _runs(builder.finish()) == _rows(labels)


def test_runs_within_a_piece_need_not_be_as_long_as_they_could() -> None:
    builder = ForegroundBuilder((1, 2, 3))
    ones = np.ones(6, np.int64)
    builder.add(Runs(np.arange(6), ones, ones * 4), 6)
    assert _runs(builder.finish()) == [(0, 3, 4), (3, 3, 4)]


@pytest.mark.parametrize("voxels", [0, 23, 25])
def test_too_few_and_too_many_voxels_are_refused(voxels: int) -> None:
    builder = ForegroundBuilder((2, 3, 4))
    builder.add(find_runs(np.ones(voxels, np.uint8)), voxels)
    with pytest.raises(ValueError, match=f"expected 24 voxels, got {voxels}"):
        builder.finish()


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4), (2, 3, 0), (0, 0, 0)])
def test_arrays_of_no_voxels(shape: tuple[int, int, int]) -> None:
    found = foreground_of(np.zeros(shape, np.uint8))
    assert _runs(found) == []
    assert found.to_array().shape == found.shape == shape
    assert all(axis.size == 0 for axis in found.coordinates())


@pytest.mark.parametrize("dtype", INTEGERS)
def test_classes_not_wanted_are_background(dtype: str) -> None:
    labels = np.array([[[1, 1, 2, 3, 3, 1, 0, 100]]]).astype(dtype)
    assert _runs(foreground_of(labels, [3, 1])) == [(0, 2, 1), (3, 2, 3), (5, 1, 1)]
    assert _runs(foreground_of(labels, range(100, 256))) == [(7, 1, 100)]
    assert _runs(foreground_of(labels, {2: "as keys"}.keys())) == [(2, 1, 2)]
    assert _runs(foreground_of(labels, [200, 255])) == _runs(foreground_of(labels, [])) == []
    # Background stays background.
    assert _runs(foreground_of(labels, [0, 2])) == [(2, 1, 2)]


def test_extreme_labels() -> None:
    labels = np.array([[[-(1 << 63), (1 << 63) - 1, -1, 255, 256]]])
    assert _runs(foreground_of(labels)) == [
        (0, 1, -(1 << 63)),
        (1, 1, (1 << 63) - 1),
        *((2, 1, -1), (3, 1, 255), (4, 1, 256)),
    ]
    assert _runs(foreground_of(labels, range(1, 256))) == [(3, 1, 255)]
    unsigned = np.array([[[(1 << 64) - 1, 1 << 63, (1 << 64) - 256, 255]]], np.uint64)
    assert _runs(foreground_of(unsigned, range(1, 256))) == [(3, 1, 255)]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros((2, 2), int), r"expected a 3D array, got shape \(2, 2\)"),
        (np.zeros((1, 2, 2, 2), int), "expected a 3D array"),
        (np.zeros((2, 2, 2)), "expected integer labels, got float64"),
        (np.zeros((2, 2, 2), bool), "expected integer labels, got bool"),
    ],
)
def test_what_is_refused(labels: NDArray[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        foreground_of(labels)


@given(LABELS)
def test_coordinates_and_ends(labels: NDArray[np.uint8]) -> None:
    found = foreground_of(labels)
    np.testing.assert_array_equal(np.ravel_multi_index(found.coordinates(), labels.shape), found.starts)
    np.testing.assert_array_equal(found.ends - found.lengths, found.starts)
    assert (found.ends <= prod(labels.shape)).all()


def test_some_of_the_runs() -> None:
    found = foreground_of(np.array([[[1, 0, 2, 2], [2, 0, 0, 1]]]))
    assert found.select(found.class_ids == 2).to_array().tolist() == [[[0, 0, 2, 2], [2, 0, 0, 0]]]
    assert found.select(np.array([0, 3])).to_array().tolist() == [[[1, 0, 0, 0], [0, 0, 0, 1]]]
    assert found.select(np.zeros(4, bool)).to_array().sum() == 0


def test_to_array_in_a_wider_dtype() -> None:
    labels = np.array([[[0, 300, -2]]])
    np.testing.assert_array_equal(foreground_of(labels).to_array(np.int32), labels)
