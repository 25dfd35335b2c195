from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from mswal_bench.metrics.components import connected_components


def test_an_empty_mask_has_no_component() -> None:
    components = connected_components(np.zeros((3, 4, 5), bool))
    assert components.count == 0
    assert components.centroids().shape == (0, 3)


def test_a_mask_of_no_voxels_has_no_component() -> None:
    assert connected_components(np.zeros((0, 4, 5), bool)).count == 0


@pytest.mark.parametrize(("second", "count"), [((0, 0, 1), 1), ((0, 1, 1), 1), ((1, 1, 1), 1), ((0, 0, 2), 2)])
def test_voxels_that_touch_by_a_face_an_edge_or_a_corner_are_one(second: tuple[int, int, int], count: int) -> None:
    mask = np.zeros((3, 3, 3), bool)
    mask[0, 0, 0] = mask[second] = True
    assert connected_components(mask).count == count


@pytest.mark.parametrize(("connectivity", "count"), [(6, 2), (18, 2), (26, 1)])
def test_connectivity_is_the_callers(connectivity: int, count: int) -> None:
    mask = np.zeros((2, 2, 2), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = True
    assert connected_components(mask, connectivity).count == count  # type: ignore[arg-type]


def test_a_read_only_mask_is_fine() -> None:
    mask = np.ones((2, 2, 2), bool)
    mask.flags.writeable = False
    assert connected_components(mask).voxels.tolist() == [8]


@pytest.mark.parametrize("length", range(1, 12))
@pytest.mark.parametrize("axis", range(3))
def test_every_mask_one_voxel_thick(length: int, axis: int) -> None:
    for bits in range(1, 2**length):
        line = np.array([bits >> place & 1 for place in range(length)], bool)
        shape = [1, 1, 1]
        shape[axis] = length
        assert connected_components(line.reshape(shape)).count == ndimage.label(line)[1]


def test_sizes_and_centroids() -> None:
    mask = np.zeros((1, 1, 9), bool)
    mask[0, 0, 0:3] = mask[0, 0, 5] = True
    components = connected_components(mask)
    assert components.voxels.tolist() == [3, 1]
    assert components.centroids().tolist() == [[0, 0, 1], [0, 0, 5]]


@pytest.mark.parametrize("seed", range(20))
def test_same_as_scipy_and_numbered_by_first_voxel(seed: int) -> None:
    random = np.random.default_rng(seed)
    mask = random.random(random.integers(1, 15, 3)) < random.choice([0.03, 0.1, 0.3])
    # A view with odd strides, for the order must be that of the axes, not of the memory.
    mask = mask.transpose(random.permutation(3))
    components = connected_components(mask)
    expected, count = ndimage.label(mask, np.ones((3, 3, 3)))
    assert components.count == count
    # scipy numbers in C order too.
    np.testing.assert_array_equal(components.labels, expected)
    if count:
        centroids = ndimage.center_of_mass(mask, expected, range(1, count + 1))
        np.testing.assert_allclose(components.centroids(), centroids, atol=1e-12)
