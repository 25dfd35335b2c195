from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy import ndimage

from mswal_bench.metrics import Foreground, foreground_of
from mswal_bench.metrics.boxes import BoxSizes, Pile, piles

from .brute_force import blobs

Labels = NDArray[np.integer]
TOUCHING = np.ones((3, 3, 3))
SIZES = {
    "as set": BoxSizes(),
    "all cut twice": BoxSizes(large_voxels=0, sparse=1.1),
    "small piles": BoxSizes(pile_voxels=200),
}


@pytest.fixture(params=SIZES)
def sizes(request: pytest.FixtureRequest) -> BoxSizes:
    """What is meant for large scans happens to small ones, too."""
    return SIZES[request.param]


def _check(labels: Labels, sizes: BoxSizes = BoxSizes()) -> list[Pile]:  # noqa: B008
    """That the piles hold the label map, all of it once, and that in them touches what touches there."""
    foreground = foreground_of(labels)
    made = list(piles(foreground, sizes))
    runs = np.concatenate([np.zeros(0, int), *(pile.runs for pile in made)])
    assert sorted(runs.tolist()) == list(range(foreground.starts.size))
    rebuilt = np.zeros(labels.shape, np.uint8)
    expected, count = ndimage.label(labels, TOUCHING)
    together = 0
    for pile in made:
        _check_runs(foreground, pile)
        where = np.argwhere(pile.array)
        back = tuple((where + pile.shifts[where[:, 0]]).T)
        assert not rebuilt[back].any()
        rebuilt[back] = pile.array[tuple(where.T)]
        # Planes of two boxes do not lie on each other; within one box, what touches is what touches in the volume.
        filled = np.isin(np.arange(pile.array.shape[0]), where[:, 0])
        neighbours = filled[1:] & filled[:-1]
        np.testing.assert_array_equal(pile.shifts[1:][neighbours], pile.shifts[:-1][neighbours])
        found, found_count = ndimage.label(pile.array, TOUCHING)
        pairs = np.unique(found[tuple(where.T)] * (count + 1) + expected[back])
        assert pairs.size == found_count
        together += found_count
    np.testing.assert_array_equal(rebuilt, labels)
    assert together == count
    return made


def _check_runs(foreground: Foreground, pile: Pile) -> None:
    assert pile.array.dtype == np.uint8
    assert pile.shifts.shape == (pile.array.shape[0], 3)
    lengths = foreground.lengths[pile.runs]
    steps = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    voxels = np.repeat(pile.starts, lengths) + steps
    assert np.count_nonzero(pile.array) == voxels.size
    np.testing.assert_array_equal(pile.array.ravel()[voxels], np.repeat(foreground.class_ids[pile.runs], lengths))
    there = np.stack(np.unravel_index(pile.starts, pile.array.shape), axis=1)
    there += pile.shifts[there[:, 0]]
    np.testing.assert_array_equal(there, np.stack(foreground.coordinates(), axis=1)[pile.runs])


def _specks(shape: tuple[int, int, int], count: int, highest: int = 255) -> Labels:
    random = np.random.default_rng(count)
    labels = np.zeros(shape, np.uint8)
    labels.ravel()[random.choice(labels.size, count, replace=False)] = random.integers(1, highest + 1, count)
    return labels


def test_nothing_makes_no_pile() -> None:
    assert _check(np.zeros((3, 4, 5), np.uint8)) == []
    assert _check(np.zeros((3, 0, 5), np.uint8)) == []


def test_one_voxel_anywhere(sizes: BoxSizes) -> None:
    for place in np.ndindex(3, 3, 3):
        labels = np.zeros((3, 3, 3), np.uint8)
        labels[place] = 255
        (pile,) = _check(labels, sizes)
        assert pile.array.ravel().tolist() == [255, 0]
        assert pile.shifts[0].tolist() == list(place)


def test_voxels_that_touch_across_the_bricks_any_way(sizes: BoxSizes) -> None:
    """Two voxels at every offset up to 2 from both sides of a corner of both sizes of bricks."""
    for place in ((3, 7, 15), (4, 8, 16)):
        for offset in np.ndindex(5, 5, 5):
            labels = np.zeros((7, 11, 19), np.uint8)
            # The first voxel is the corner of the first brick.
            labels[0, 0, 0] = 9
            labels[place] = 1
            labels[tuple(np.add(place, offset) - 2)] = 2
            _check(labels, sizes)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.sampled_from(list(SIZES)), st.sampled_from([1, 3, 255]), st.integers(0, 2))
def test_random_label_maps(seed: int, sizes: str, classes: int, axis: int) -> None:
    random = np.random.default_rng(seed)
    shape = random.integers(1, 30, 3)
    if seed % 3 == 0:
        shape[axis] = 1
    if seed % 5 == 0:
        shape[axis - 1] = random.integers(100, 300)
    _check(blobs(random, tuple(shape.tolist()), classes=classes), SIZES[sizes])


@given(
    arrays(np.uint8, array_shapes(min_dims=3, max_dims=3, max_side=9), elements=st.sampled_from([0, 0, 0, 1, 255])),
    st.sampled_from(list(SIZES)),
)
def test_any_small_label_map(labels: Labels, sizes: str) -> None:
    _check(labels, SIZES[sizes])


def test_neighbouring_runs_of_any_two_classes() -> None:
    """Starts and ends of the classes are summed up in bytes, which go round."""
    pairs = np.array([(a, b) for a in (1, 2, 127, 128, 254, 255) for b in (1, 2, 127, 128, 254, 255)])
    _check(pairs.reshape(1, 1, -1))
    _check(pairs.reshape(6, 6, 2))
    _check(np.full((3, 4, 5), 255))
    _check(np.arange(1, 256).reshape(3, 5, 17))


def test_specks_all_over_a_large_volume_are_cut_twice() -> None:
    made = _check(_specks((64, 256, 256), 5000))
    # Much less than the volume, padding included.
    assert sum(pile.array.size for pile in made) < 64 * 256 * 256 / 5
    # Not an array for each speck.
    assert len(made) < 100


def test_a_few_specks_in_a_large_volume_are_little() -> None:
    made = _check(_specks((64, 256, 256), 100))
    assert sum(pile.array.size for pile in made) < 20_000


def test_a_sparse_part_beside_a_dense_one() -> None:
    sizes, never_again = BoxSizes(large_voxels=10_000), BoxSizes(large_voxels=1 << 40)
    labels = np.zeros((40, 60, 160), np.uint8)
    labels[:, :, :90] = _specks((40, 60, 90), 600)
    labels[5:35, 5:55, 120:] = 3
    once, twice = (sum(pile.array.size for pile in _check(labels, how)) for how in (never_again, sizes))
    assert twice < once - 20_000
    _check(labels[:, :, :90], sizes)
    _check(labels[:, :, 90:], sizes)


@pytest.mark.parametrize("shape", [(1, 1, 3000), (1, 3000, 1), (3000, 1, 1), (1, 60, 70), (60, 1, 70), (60, 70, 1)])
@pytest.mark.parametrize("count", [1, 40, 300])
def test_specks_on_a_line_and_on_a_plane(shape: tuple[int, int, int], count: int, sizes: BoxSizes) -> None:
    _check(_specks(shape, count), sizes)


def test_one_dense_block(sizes: BoxSizes) -> None:
    (pile,) = _check(np.full((50, 60, 70), 255, np.uint8), sizes)
    assert pile.array.shape == (51, 60, 70)


def test_blocks_larger_than_a_pile() -> None:
    labels = np.zeros((30, 60, 80), np.uint8)
    labels[:, :20, 1:21] = labels[:, 40:, 60:] = 1
    labels[0, 0, 0] = 2
    made = _check(labels, BoxSizes(pile_voxels=1000))
    assert [pile.array.shape[0] for pile in made] == [31, 31]


@pytest.mark.parametrize("steps", [(1, 1, 1), (1, 1, -1), (1, -1, 1), (1, -1, -1), (0, 1, 1), (1, 0, -1), (1, 2, 2)])
def test_thin_diagonal_lines(steps: tuple[int, int, int], sizes: BoxSizes) -> None:
    labels = np.zeros((60, 60, 60), np.uint8)
    for place in range(30):
        labels[tuple(np.array(steps) * place)] = 1 + place % 3
    _check(labels, sizes)
    # And another one beside it, as near as can be without touching.
    _check(labels | np.roll(labels, (2, 0), axis=(0, 1)), sizes)


def test_everything_but_the_middle(sizes: BoxSizes) -> None:
    """Touches all borders; its hole is a box of its own within the box of the shell."""
    labels = np.ones((20, 40, 50), np.uint8)
    labels[1:-1, 1:-1, 1:-1] = 0
    labels[10, 20, 25] = 2
    _check(labels, sizes)


def test_tubes_side_by_side(sizes: BoxSizes) -> None:
    """Boxes that lie within each other, with each its own voxels only."""
    labels = np.zeros((24, 70, 90), np.uint8)
    for depth in range(0, 30, 6):
        frame = np.zeros((70 - 2 * depth, 90 - 2 * depth), np.uint8)
        frame[0] = frame[-1] = frame[:, 0] = frame[:, -1] = depth + 1
        labels[:, depth : 70 - depth, depth : 90 - depth] |= frame
    _check(labels, sizes)


def test_boxes_of_all_sizes_take_few_piles() -> None:
    labels = np.zeros((40, 300, 300), np.uint8)
    random = np.random.default_rng(0)
    for corner in _grid():
        labels[tuple(slice(low, low + size) for low, size in zip(corner, random.integers(1, 20, 3), strict=True))] = 1
    made = _check(labels)
    assert len(made) < 30


def _grid() -> Iterator[tuple[int, int, int]]:
    return ((0, second, third) for second in range(0, 280, 40) for third in range(0, 280, 40))
