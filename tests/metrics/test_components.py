from __future__ import annotations

from functools import partial
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy import ndimage

from mswal_bench.metrics import components as components_module
from mswal_bench.metrics import foreground_of
from mswal_bench.metrics.boxes import BoxSizes, piles
from mswal_bench.metrics.components import Components, connected_components

from .brute_force import blobs, component_array, label

Labels = NDArray[np.integer]
CONNECTIVITIES = (6, 18, 26)
DTYPES = ["u1", "i2", ">i2", "u4", ">i4", "i8", ">u8"]


def _components(labels: Labels, connectivity: int = 26) -> Components:
    return connected_components(foreground_of(labels), connectivity)  # type: ignore[arg-type]


def _check(labels: Labels, connectivity: int = 26) -> Components:
    """Everything the components tell, against scipy."""
    found = _components(labels, connectivity)
    expected, of_class = label(labels, connectivity)
    np.testing.assert_array_equal(component_array(found), expected)
    assert found.count == len(of_class)
    assert found.class_ids.tolist() == of_class
    assert found.ids.tolist() == [of_class[:place].count(class_id) + 1 for place, class_id in enumerate(of_class)]
    np.testing.assert_array_equal(found.voxels, np.bincount(expected.ravel(), minlength=found.count + 1)[1:])
    assert found.of_run.shape == found.foreground.starts.shape
    return found


@pytest.mark.parametrize("shape", [(3, 4, 5), (0, 4, 5), (3, 0, 5), (3, 4, 0)])
def test_nothing_has_no_component(shape: tuple[int, int, int]) -> None:
    components = _check(np.zeros(shape, np.uint8))
    assert components.count == 0
    assert components.voxels.size == components.ids.size == components.of_run.size == 0
    assert components.centroids().shape == (0, 3)


@pytest.mark.parametrize(("connectivity", "axes_apart"), [(6, 1), (18, 2), (26, 3)])
def test_voxels_that_touch_by_a_face_an_edge_or_a_corner(connectivity: int, axes_apart: int) -> None:
    for second in [place for place in np.ndindex(3, 3, 3) if any(place)]:
        labels = np.zeros((3, 3, 3), int)
        labels[0, 0, 0] = labels[second] = 1
        touch = max(second) == 1 and sum(second) <= axes_apart
        assert _check(labels, connectivity).count == (1 if touch else 2), second
        labels[second] = 2
        assert _check(labels, connectivity).count == 2, second


def test_26_is_the_default() -> None:
    assert connected_components(foreground_of(np.eye(3, dtype=int)[None])).count == 1


@pytest.mark.parametrize("axis", range(3))
def test_every_line_of_two_classes(axis: int) -> None:
    for length, classes in ((9, 2), (6, 3)):
        shape = [1, 1, 1]
        shape[axis] = length
        for voxels in np.ndindex((classes,) * length):
            line = np.array(voxels)
            components = _components(line.reshape(shape))
            assert components.count == np.count_nonzero(line[np.flatnonzero(np.diff(line, prepend=0))])


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("connectivity", CONNECTIVITIES)
def test_every_plane_of_three_by_three(axis: int, connectivity: int) -> None:
    # In a plane 18 and 26 are one.
    structure = ndimage.generate_binary_structure(2, 1 if connectivity == 6 else 2)
    for bits in range(1 << 9):
        plane = (bits >> np.arange(9) & 1).reshape(3, 3)
        found = _components(np.expand_dims(plane, axis), connectivity)
        np.testing.assert_array_equal(component_array(found).squeeze(axis), ndimage.label(plane, structure)[0])


@pytest.mark.parametrize("connectivity", CONNECTIVITIES)
def test_every_cube_of_two_by_two_by_two(connectivity: int) -> None:
    for bits in range(1 << 8):
        _check((bits >> np.arange(8) & 1).reshape(2, 2, 2), connectivity)


@pytest.mark.parametrize("shape", sorted(set(permutations((1, 1, 40))) | set(permutations((1, 13, 29)))))
@pytest.mark.parametrize("connectivity", CONNECTIVITIES)
def test_grids_a_voxel_thick(shape: tuple[int, int, int], connectivity: int) -> None:
    random = np.random.default_rng(connectivity)
    for density in (0.05, 0.3, 0.5, 0.7, 1.0):
        for classes in (1, 3, 20):
            _check(random.integers(1, classes + 1, shape) * (random.random(shape) < density), connectivity)


def test_chequers_have_as_many_components_as_can_be() -> None:
    first, second, third = np.indices((9, 11, 13))
    assert _check((first + second + third) % 2, connectivity=6).count == (9 * 11 * 13) // 2
    assert _check(1 - (first | second | third) % 2).count == 5 * 6 * 7
    # Eight classes that each touch others only.
    assert _check(1 + first % 2 + 2 * (second % 2) + 4 * (third % 2)).count == 9 * 11 * 13


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("connectivity", CONNECTIVITIES)
def test_random_label_maps_against_scipy(dtype: str, connectivity: int) -> None:
    random = np.random.default_rng([connectivity, *dtype.encode()])
    for _ in range(40):
        shape = tuple(random.integers(1, 16, 3).tolist())
        labels = blobs(random, shape, classes=int(random.choice([1, 2, 7, 20]))).astype(dtype)
        # A view with odd strides, for the order must be that of the axes, not of the memory.
        _check(labels.transpose(random.permutation(3)), connectivity)


@pytest.mark.parametrize("cut_twice", [False, True])
def test_the_boxes_do_not_show(cut_twice: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = BoxSizes(large_voxels=100, sparse=1.1, pile_voxels=500) if cut_twice else BoxSizes(pile_voxels=500)
    monkeypatch.setattr(components_module, "piles", partial(piles, sizes=sizes))
    random = np.random.default_rng(cut_twice)
    for number in range(40):
        shape = random.integers(1, 50, 3)
        labels = np.zeros(shape, int)
        labels.ravel()[random.integers(0, labels.size, int(random.integers(1, 40)))] = random.integers(1, 3)
        _check(ndimage.grey_dilation(labels, size=random.integers(1, 6, 3).tolist()), CONNECTIVITIES[number % 3])


@given(arrays(np.uint8, array_shapes(min_dims=3, max_dims=3, max_side=7), elements=st.sampled_from([0, 0, 1, 2])))
def test_numbers_go_by_class_and_then_by_first_voxel(labels: NDArray[np.uint8]) -> None:
    components = _components(labels)
    array = component_array(components).ravel()
    first_voxels = [int(np.flatnonzero(array == number)[0]) for number in range(1, components.count + 1)]
    order = list(zip(components.class_ids.tolist(), first_voxels, strict=True))
    assert order == sorted(order)
    for class_id in (1, 2):
        ids = components.ids[components.class_ids == class_id]
        assert ids.tolist() == list(range(1, ids.size + 1))


def test_a_component_may_begin_behind_another_and_lie_before_it() -> None:
    labels = np.array([[[0, 0, 1, 0, 2], [1, 0, 0, 0, 0], [1, 1, 1, 0, 1]]])
    assert component_array(_check(labels)).tolist() == [[[0, 0, 1, 0, 4], [2, 0, 0, 0, 0], [2, 2, 2, 0, 3]]]


def test_sizes_and_centroids() -> None:
    labels = np.zeros((2, 2, 9), int)
    labels[0, 1, 0:3] = 5
    labels[0, 0, 5] = labels[1, 1, 5] = 3
    components = _check(labels)
    assert components.class_ids.tolist() == [3, 5]
    assert components.ids.tolist() == [1, 1]
    assert components.voxels.tolist() == [2, 3]
    assert components.centroids().tolist() == [[0.5, 0.5, 5], [0, 1, 1]]


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_centroids_are_scipys(seed: int) -> None:
    labels = blobs(np.random.default_rng(seed), (7, 20, 30))
    expected, of_class = label(labels)
    centroids = ndimage.center_of_mass(expected > 0, expected, range(1, len(of_class) + 1))
    np.testing.assert_allclose(_components(labels).centroids(), np.reshape(centroids, (-1, 3)), atol=1e-12)


def test_a_large_sparse_volume() -> None:
    random = np.random.default_rng(0)
    labels = np.zeros((60, 200, 200), np.uint8)
    labels.ravel()[random.choice(labels.size, 4000, replace=False)] = random.integers(1, 4, 4000)
    labels[10:50, 50:120, 60:150][::2] = 3
    _check(labels)
