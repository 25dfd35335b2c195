"""Label maps resampled where labels meet, against nnU-Net's resampling of every label."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("nnunetv2")
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape

from mswal_bench.baselines.nnunet.interpolation import grid_taps
from mswal_bench.baselines.nnunet.label_resampling import resample_labels

SIZES = st.tuples(*[st.integers(1, 8)] * 3)
LONG = {None: (1, 1, 1), 0: (5, 1, 1), 1: (1, 5, 1), 2: (1, 1, 5)}


@given(SIZES, SIZES, st.integers(0, 2**32 - 1), st.integers(1, 5), st.sampled_from([None, 0, 1, 2]))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_as_nnunet(shape, new_shape, seed, labels, long):
    rng = np.random.default_rng(seed)
    of_case = rng.integers(-1, labels, shape).astype(np.int16)
    # Larger patches beside single voxels.
    of_case = np.where(rng.random(shape) < 0.5, of_case, of_case[0, 0, 0])
    expected = resample_data_or_seg_to_shape(
        of_case[None].astype(np.float32),
        new_shape,
        LONG[long],
        LONG[long],
        is_seg=True,
        order=1,
        order_z=0,
        force_separate_z=None,
    )[0]
    found = resample_labels(lambda z: of_case[z], shape, grid_taps(shape, new_shape, long))
    np.testing.assert_array_equal(found, expected)


def test_a_tie_goes_to_the_nearest_of_the_tied_else_to_the_lowest():
    # Half-way between 1 and 2: both have a half, and scipy's nearest voxel of 1.5 - 0.5 is the second.
    halfway = resample_labels(lambda z: np.array([[1, 2]], np.int16), (1, 1, 2), grid_taps((1, 1, 2), (1, 1, 1), None))
    assert halfway.tolist() == [[[2]]]
    # Eight corners of which 1 and 2 have three each: 3/8 each, and the nearest voxel is a 3.
    corners = np.array([[[3, 1], [1, 1]], [[2, 2], [2, 3]]], np.int16)
    middle = resample_labels(lambda z: corners[z], (2, 2, 2), grid_taps((2, 2, 2), (1, 1, 1), None))
    assert middle.tolist() == [[[1]]]


def test_each_plane_is_asked_for_once_and_in_order():
    asked = []

    def plane(z):
        asked.append(z)
        return np.full((3, 3), z, np.int16)

    resample_labels(plane, (9, 3, 3), grid_taps((9, 3, 3), (25, 4, 2), None))
    assert asked == list(range(9))
