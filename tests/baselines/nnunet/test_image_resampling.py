"""Images resampled plane by plane, against nnU-Net's own resampling of the whole."""

import numpy as np
import pytest
from scipy.ndimage import zoom

pytest.importorskip("nnunetv2")
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape

from mswal_bench.baselines.nnunet.image_resampling import resample_image, spline_weights

APART, TOGETHER = ((5, 1, 1), (5, 0.8, 0.8)), ((1, 1, 1), (0.8, 0.8, 0.8))


def of_nnunet(image, new_shape, spacings):
    return resample_data_or_seg_to_shape(
        image[None], new_shape, *spacings, is_seg=False, order=3, order_z=0, force_separate_z=None
    )[0]


def resampled(image, new_shape, *, apart=False, asked=None):
    def plane(z):
        if asked is not None:
            asked.append(z)
        return image[z]

    bounds = float(image.min()), float(image.max())
    return resample_image(plane, image.shape, new_shape, bounds, slices_apart=apart)


def body(shape, seed=0):
    """Smooth values and sharp edges, as of a normalised CT."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(size=[max(2, size // 4) for size in shape])
    smooth = zoom(coarse, [size / coarse.shape[axis] for axis, size in enumerate(shape)], order=1)[
        tuple(slice(size) for size in shape)
    ]
    return np.where(smooth > 0.7, 3.1, smooth + rng.normal(0, 0.1, shape)).astype(np.float32)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(
    ("shape", "new_shape"),
    [
        ((40, 60, 50), (50, 47, 61)),
        ((40, 60, 50), (20, 90, 50)),
        ((1, 60, 50), (1, 40, 70)),
        ((3, 8, 5), (9, 3, 2)),
        ((130, 20, 20), (150, 20, 20)),
        ((20, 130, 140), (20, 100, 170)),
    ],
)
def test_as_nnunet(shape, new_shape, apart):
    image = body(shape)
    expected = of_nnunet(image, new_shape, APART if apart else TOGETHER)
    found = resampled(image, new_shape, apart=apart)
    assert found.dtype == expected.dtype == np.float32
    differ = found != expected
    # A value that lies half-way between two float32 may be rounded to either.
    assert differ.mean() <= 1e-5
    np.testing.assert_array_max_ulp(found, expected, 1)


def test_equal_shapes_are_not_touched():
    image = body((9, 8, 7))
    np.testing.assert_array_equal(resampled(image, image.shape), image)
    np.testing.assert_array_equal(resampled(image, image.shape, apart=True), image)


def test_a_constant_image_stays_constant():
    image = np.full((12, 10, 9), 0.3, np.float32)
    assert np.unique(resampled(image, (17, 6, 20))).tolist() == [np.float32(0.3)]


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("slices", [7, 90, 200])
def test_each_plane_is_asked_for_once_and_in_order(apart, slices):
    asked = []
    resampled(body((90, 6, 6)), (slices, 6, 5), apart=apart, asked=asked)
    assert asked == sorted(set(asked))


def test_weights_are_of_a_cubic_spline():
    # They sum to one, and reproduce a straight line away from the edges: by hand, position k of 80 lies at k / 2 - 1/4.
    weights = spline_weights(40, 80)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-14)
    line = weights @ np.arange(40.0)
    np.testing.assert_allclose(line[40:44], [19.75, 20.25, 20.75, 21.25], atol=1e-9)
    np.testing.assert_array_equal(spline_weights(5, 5), np.eye(5))
