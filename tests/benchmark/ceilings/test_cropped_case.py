"""What nnU-Net keeps of an image, against the functions that its preparation uses."""

import numpy as np
import pytest

from mswal_bench.baselines.nnunet.nonzero_crop import nonzero_box, zero_from_the_border
from mswal_bench.benchmark.ceilings.cropped_case import crop_case, outside_of
from mswal_bench.benchmark.data.dataset import Case


def drawn(seed, share, edge):
    rng = np.random.default_rng(seed)
    image = rng.integers(-3, 4, (9, 11, 13)).astype(np.int16)
    image[image == 0] = 5
    image[rng.random(image.shape) < share] = 0
    for axis in range(3):
        image[(slice(None),) * axis + (slice(0, edge),)] = 0
    return image


# A share of 0.02 goes from voxel to voxel, the others are taken for padding.
@pytest.mark.parametrize("edge", [0, 2])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.04, 0.3, 0.7, 1.0])
def test_box_and_outside(tmp_path, save_labels, share, edge):
    for seed in range(5):
        image = drawn(seed, share, edge)
        path = save_labels(tmp_path / f"{seed}.nii.gz", image)
        cropped = crop_case(Case("a", path, None))
        assert [[axis.start, axis.stop] for axis in cropped.crop] == nonzero_box(image)
        expected = zero_from_the_border(image[cropped.crop] == 0)
        found = outside_of(cropped)
        np.testing.assert_array_equal(
            np.zeros(cropped.as_planned.shape, bool) if found is None else found,
            np.zeros(cropped.as_planned.shape, bool) if expected is None else expected,
        )


def test_tissue_of_0_hu_is_followed_from_the_border(tmp_path, save_labels):
    image = np.full((10, 30, 30), 40, np.int16)
    image[0:4, 5, 5] = image[3, 5, 5:9] = 0
    image[6, 6, 6] = 0
    cropped = crop_case(Case("a", save_labels(tmp_path / "a.nii.gz", image), None))
    outside = outside_of(cropped)
    assert outside[0:4, 5, 5].all()
    assert outside[3, 5, 5:9].all()
    assert outside.sum() == 7


def test_an_image_that_cannot_be_read_is_told(tmp_path):
    path = tmp_path / "a.nii.gz"
    path.write_bytes(b"no image")
    cropped = crop_case(Case("a", path, None))
    assert cropped.problems
    assert cropped.geometry is None
