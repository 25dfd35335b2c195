"""The runs that these tests predict with, and an image."""

import numpy as np
import pytest
import SimpleITK

from mswal_bench.tests.benchmark.runs.conftest import finished, finished_by, raw, work

__all__ = ["finished", "finished_by", "raw", "work"]


@pytest.fixture
def ct() -> SimpleITK.Image:
    """60 slices of 12 x 10 voxels with the range of a CT."""
    values = np.random.default_rng(0).integers(-1000, 1500, (60, 10, 12)).astype(np.int16)
    image = SimpleITK.GetImageFromArray(values)
    image.SetSpacing((0.75, 0.75, 2.5))
    image.SetOrigin((-120.5, 33.25, -410.0))
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    return image
