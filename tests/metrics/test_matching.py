from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from mswal_bench.metrics import foreground_of
from mswal_bench.metrics.components import Components, connected_components
from mswal_bench.metrics.matching import match
from mswal_bench.metrics.overlap import OverlapTable, overlap_table

from .brute_force import blobs, component_array


def _pair(intersection: int, union: int) -> OverlapTable:
    return OverlapTable(np.array([2]), np.array([5]), np.array([intersection]), np.array([union]))


@pytest.mark.parametrize(("intersection", "union", "matched"), [(1, 2, True), (49, 99, False), (50, 100, True)])
def test_a_tie_at_one_half_is_a_match(intersection: int, union: int, matched: bool) -> None:
    assert match(_pair(intersection, union)) == ({2: 5} if matched else {})


def test_integers_decide_where_floats_cannot_tell() -> None:
    # 2 * intersection misses the union by one voxel in 2**60.
    assert match(_pair(2**59, 2**60 + 1)) == {}
    assert match(_pair(2**59, 2**60)) == {2: 5}


def test_other_thresholds() -> None:
    assert match(_pair(3, 4), Fraction(3, 4)) == {2: 5}
    assert match(_pair(3, 4), Fraction(4, 5)) == {}
    # As a float, 0.7 is a little less than 7/10.
    assert match(_pair(7 * 10**8, 10**9), Fraction(0.7)) == {2: 5}


@pytest.mark.parametrize(
    "threshold", [Fraction(49, 100), Fraction(0), Fraction(-1), Fraction(3, 2), Fraction(0.5) - Fraction(1, 10**20)]
)
def test_thresholds_without_unique_matches_are_refused(threshold: Fraction) -> None:
    with pytest.raises(ValueError, match="from 1/2"):
        match(_pair(1, 1), threshold)


def test_regions_that_are_no_components_are_found_out() -> None:
    halves = OverlapTable(np.array([0, 0]), np.array([0, 1]), np.array([1, 1]), np.array([2, 2]))
    with pytest.raises(ValueError, match="has two matches"):
        match(halves)
    swapped = OverlapTable(halves.prediction, halves.reference, np.array([1, 1]), np.array([2, 2]))
    with pytest.raises(ValueError, match="has two matches"):
        match(swapped)


@pytest.mark.parametrize("shape", [(1, 1, 9), (1, 3, 3), (2, 2, 2)])
def test_matches_at_one_half_are_unique_on_every_pair_of_masks(shape: tuple[int, int, int]) -> None:
    """All pairs of masks of the grid: no component reaches IoU 1/2 with two of the other side, ties included."""
    size = int(np.prod(shape))
    components = [_component_bits(mask, shape) for mask in range(2**size)]
    distinct = sorted({component for parts in components for component in parts})
    # Whether A and B match depends on A and B alone: find each component's possible partners once.
    partners = {a: frozenset(b for b in distinct if 2 * (a & b).bit_count() >= (a | b).bit_count()) for a in distinct}
    for parts in components:
        available = frozenset(parts)
        for component in distinct:
            assert len(partners[component] & available) <= 1


def test_below_one_half_matches_would_not_be_unique() -> None:
    # Two of three voxels' neighbours left out: each end has IoU 1/3 with the whole.
    whole, ends = 0b111, (0b001, 0b100)
    assert all(3 * (whole & end).bit_count() >= (whole | end).bit_count() for end in ends)


@pytest.mark.parametrize("threshold", [Fraction(1, 2), Fraction(3, 5), Fraction(0.7), Fraction(1)])
def test_match_on_random_pairs_is_what_a_search_of_all_pairs_finds(threshold: Fraction) -> None:
    random = np.random.default_rng(0)
    found = 0
    for _ in range(100):
        reference = blobs(random, (3, 5, 5))
        prediction = np.where(random.random(reference.shape) < 0.05, blobs(random, (3, 5, 5)), reference)
        sides = connected_components(foreground_of(reference)), connected_components(foreground_of(prediction))
        matches = match(overlap_table(*sides), threshold)
        assert matches == _search(*sides, threshold)
        found += len(matches)
    assert found > 100


def _search(reference: Components, prediction: Components, threshold: Fraction) -> dict[int, int]:
    matches = {}
    arrays = component_array(reference), component_array(prediction)
    for r, p in product(range(reference.count), range(prediction.count)):
        if reference.class_ids[r] != prediction.class_ids[p]:
            continue
        a, b = arrays[0] == r + 1, arrays[1] == p + 1
        if Fraction(int(np.sum(a & b)), int(np.sum(a | b))) >= threshold:
            assert r not in matches
            matches[r] = p
    return matches


def test_components_of_two_classes_never_match() -> None:
    first, second = (connected_components(foreground_of(np.full((1, 2, 3), class_id))) for class_id in (1, 2))
    assert match(overlap_table(first, second)) == {}


def _component_bits(mask: int, shape: tuple[int, int, int]) -> tuple[int, ...]:
    """The components of a mask given as bits, each as bits."""
    voxels: NDArray[np.bool_] = np.array([mask >> bit & 1 for bit in range(int(np.prod(shape)))], bool).reshape(shape)
    labels, count = ndimage.label(voxels, np.ones((3, 3, 3)))
    flat = labels.ravel().tolist()
    return tuple(sum(1 << bit for bit, label in enumerate(flat) if label == part) for part in range(1, count + 1))
