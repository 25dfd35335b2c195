"""The sparse export against whole classes resampled by nnU-Net, and what it reads and skips."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("nnunetv2")
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape

from mswal_bench.baselines.nnunet.interpolation import grid_taps
from mswal_bench.baselines.nnunet.sparse_export import MOST_CLASSES, sparse_labels

SIZES = st.tuples(*[st.integers(1, 9)] * 3)


def of_whole_classes(logits, shape):
    resampled = resample_data_or_seg_to_shape(
        logits, shape, (1, 1, 1), (1, 1, 1), is_seg=False, order=1, order_z=0, force_separate_z=None
    )
    return resampled.argmax(0).astype(np.uint8)


def of_planes(logits, shape, asked=None):
    def plane(z):
        if asked is not None:
            asked.append(z)
        return logits[:, z]

    return sparse_labels(plane, grid_taps(logits.shape[1:], shape, None))


@given(SIZES, SIZES, st.integers(0, 2**32 - 1), st.sampled_from(["dense", "tied", "sparse", "subnormal"]))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_same_as_whole_classes(grid, shape, seed, kind):
    logits = np.random.default_rng(seed).normal(size=(4, *grid))
    if kind == "tied":
        logits = np.round(logits)
    elif kind == "sparse":
        logits[0] += 3
    elif kind == "subnormal":
        logits *= 1e-6
    logits = logits.astype(np.float16)
    np.testing.assert_array_equal(of_planes(logits, shape), of_whole_classes(logits, shape))


def test_a_class_above_background_at_one_corner_can_win():
    # Two voxels along x, resampled to four, at 1/4 steps: by hand, class 1 has 4, 3, 1, 0 and background 1 everywhere.
    logits = np.array([[[[1, 1]]], [[[4, 0]]]], np.float16)
    assert of_planes(logits, (1, 1, 4)).tolist() == [[[1, 1, 0, 0]]]


def test_the_lower_of_two_classes_wins_a_tie():
    logits = np.zeros((4, 1, 2, 2), np.float16)
    logits[2:] = 5
    assert of_planes(logits, (1, 2, 2)).tolist() == [[[2, 2], [2, 2]]]


@pytest.mark.parametrize("classes", [2, 9, 10, 17, 18, 33, 34, MOST_CLASSES])
def test_the_last_of_many_classes(classes):
    logits = np.zeros((classes, 1, 1, 2), np.float16)
    logits[-1, 0, 0, 1] = 2
    assert of_planes(logits, (1, 1, 2)).tolist() == [[[0, classes - 1]]]


@pytest.mark.parametrize("slices", [3, 7, 20])
def test_each_plane_is_asked_for_once_and_in_order(slices):
    logits = np.random.default_rng(0).normal(size=(3, 9, 4, 4)).astype(np.float16)
    asked = []
    of_planes(logits, (slices, 4, 4), asked)
    assert asked == sorted(set(asked))
