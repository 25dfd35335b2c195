from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mswal_bench.metrics import foreground_of
from mswal_bench.metrics.components import connected_components
from mswal_bench.metrics.diameter import longest_axial_diameters_mm

from .brute_force import blobs, component_array, diameter_mm

SPACING_MM = (7.0, 3.0, 4.0)


def _diameters(labels: NDArray[np.integer], spacing: tuple[float, ...] = (1, 1, 1), axial_axis: int = 0) -> list[float]:
    found = longest_axial_diameters_mm(connected_components(foreground_of(labels)), spacing, axial_axis)
    assert found.dtype == np.float64
    return found.tolist()


def _square(*diameters: int) -> list[object]:
    """Diameters by their squares, which are whole numbers where the spacings are."""
    return [round(squared**0.5, 3) for squared in diameters]


def _slice(*rows: str) -> NDArray[np.integer]:
    """One axial slice: `#` is class 1."""
    return np.array([[[int(voxel == "#") for voxel in row] for row in rows]])


@pytest.mark.parametrize(("axial_axis", "squared"), [(0, 3**2 + 4**2), (1, 7**2 + 4**2), (2, 7**2 + 3**2)])
def test_one_voxel_is_the_diagonal_of_its_face(axial_axis: int, squared: int) -> None:
    assert _diameters(np.ones((1, 1, 1), int), SPACING_MM, axial_axis) == _square(squared)


@pytest.mark.parametrize("axial_axis", range(3))
@pytest.mark.parametrize("along", range(3))
def test_a_bar_of_five(along: int, axial_axis: int) -> None:
    shape = [1, 1, 1]
    shape[along] = 5
    sides = [step * side for axis, (step, side) in enumerate(zip(SPACING_MM, shape, strict=True)) if axis != axial_axis]
    assert _diameters(np.ones(shape, int), SPACING_MM, axial_axis) == _square(int(sides[0] ** 2 + sides[1] ** 2))


@pytest.mark.parametrize(
    ("rows", "squared"),
    [
        (("#..", "#..", "###"), 3**2 + 3**2),
        # An L without its far corners: from the top of the long leg to the end of the short one.
        (("#....", "#....", "#....", "##..."), 4**2 + 2**2),
        (("#####", "#...#", "#...#", "#####"), 5**2 + 4**2),
        (("##", "##"), 2**2 + 2**2),
        (("#.", ".#"), 2**2 + 2**2),
        ((".#", "#."), 2**2 + 2**2),
        ((".#.", "###", ".#."), 3**2 + 1**2),
        (("####", "...."), 4**2 + 1),
        # The longest is that of the middle row alone, as the others reach one column less...
        ((".#......", "########", ".#......"), 8**2 + 1),
        # ... and here it is between the outermost rows, which are narrow.
        (("......#", ".....#.", "...##..", ".##....", "#......"), 7**2 + 5**2),
        # Gaps in rows.
        (("#.#", "#.#", "###"), 3**2 + 3**2),
    ],
)
def test_hand_computed_slices(rows: tuple[str, ...], squared: int) -> None:
    labels = _slice(*rows)
    for turns, mirror in product(range(4), (1, -1)):
        turned = np.rot90(labels, turns, axes=(1, 2))[:, :, ::mirror]
        assert _diameters(turned) == _square(squared)
        assert _diameters(np.moveaxis(turned, 0, 1), axial_axis=1) == _square(squared)
        assert _diameters(np.moveaxis(turned, 0, 2), axial_axis=2) == _square(squared)


def test_rows_and_columns_have_their_own_spacing() -> None:
    labels = _slice("#..", "#..", "##.")
    assert _diameters(labels, (1, 3, 4)) == _square(9**2 + 8**2)
    assert _diameters(labels, (1, 4, 3)) == _square(12**2 + 6**2)
    # With long rows the bar across is longer than all else, with short ones the bar down.
    cross = _slice(".#.", "###", ".#.")
    assert _diameters(cross, (1, 1, 100)) == _square(300**2 + 1)
    assert _diameters(cross, (1, 100, 1)) == _square(300**2 + 1)


def test_the_slice_where_it_is_longest_counts() -> None:
    labels = np.zeros((3, 2, 6), int)
    labels[0, 0, :2] = labels[1, 0, 1:5] = labels[2, 1, 4:] = 1
    assert _diameters(labels) == _square(4**2 + 1)
    # Slices do not add up, and how far apart they are does not count.
    assert _diameters(labels, (50, 1, 1)) == _square(4**2 + 1)


def test_parts_in_one_slice_that_hang_together_in_another_are_one_lesion() -> None:
    labels = np.zeros((2, 5, 5), int)
    labels[0, 0, 0] = labels[0, 4, 4] = 1
    assert _diameters(labels) == _square(2, 2)
    labels[1] = np.eye(5, dtype=int)
    assert _diameters(labels) == _square(5**2 + 5**2)
    # The rows between them are empty where it is longest.
    labels[1] = 0
    labels[1, 1:4, 1:4] = np.eye(3, dtype=int)
    assert _diameters(labels) == _square(5**2 + 5**2)


def test_lesions_in_one_slice_have_each_their_own() -> None:
    labels = np.array([[[2, 2, 1, 0, 1, 1, 1], [2, 2, 1, 0, 0, 0, 0]]])
    assert _diameters(labels) == _square(2**2 + 1, 3**2 + 1, 2**2 + 2**2)


def test_at_the_borders_of_the_array() -> None:
    labels = np.zeros((2, 4, 4), int)
    labels[0, 0, 0] = labels[0, 3, 3] = labels[1, 0, 3] = labels[1, 3, 0] = 1
    assert _diameters(labels, SPACING_MM) == _square(25, 25, 25, 25)


def test_no_component_no_diameter() -> None:
    for axial_axis in range(3):
        assert _diameters(np.zeros((2, 3, 4), int), SPACING_MM, axial_axis) == []


@settings(max_examples=75)
@given(st.integers(0, 2**32), st.integers(0, 2))
def test_random_components_against_all_pairs_of_corners(seed: int, axial_axis: int) -> None:
    random = np.random.default_rng(seed)
    labels = blobs(random, tuple(random.integers(1, 12, 3).tolist()))
    spacing = tuple(random.uniform(0.3, 6, 3).tolist())
    components = connected_components(foreground_of(labels))
    array = component_array(components)
    expected = [diameter_mm(array == number, spacing, axial_axis) for number in range(1, components.count + 1)]
    np.testing.assert_allclose(longest_axial_diameters_mm(components, spacing, axial_axis), expected, rtol=1e-13)


def test_the_order_of_the_axes_does_not_matter() -> None:
    labels = blobs(np.random.default_rng(3), (6, 9, 11))
    expected = sorted(_diameters(labels, SPACING_MM))
    assert len(expected) > 5
    for order in permutations(range(3)):
        spacing = tuple(SPACING_MM[axis] for axis in order)
        turned = _diameters(labels.transpose(order), spacing, order.index(0))
        np.testing.assert_allclose(sorted(turned), expected, rtol=1e-13)
