from __future__ import annotations

import numpy as np
import pytest

from mswal_bench.benchmark.data.phantom.cohort import cohort
from mswal_bench.benchmark.data.phantom.grids import Grid, grid_for


def test_coarse_sizes_show_the_same_field_of_view() -> None:
    patient = cohort(0)[0]
    extents = [
        np.array(grid.shape[::-1]) * grid.spacing_mm for grid in (grid_for(patient, s) for s in ("tiny", "small"))
    ]
    assert extents[0].tolist() == extents[1].tolist() == [336, 240, 240]


def test_full_size_covers_an_abdomen_with_the_patients_slices() -> None:
    for patient in cohort(0):
        grid = grid_for(patient, "full")
        assert grid.shape == (patient.slices, 512, 512)
        assert 0.6 <= grid.spacing_mm[0] == grid.spacing_mm[1] <= 0.9
        assert 0.6 <= grid.spacing_mm[2] <= 5
        assert 250 <= grid.spacing_mm[2] * patient.slices <= 700


def test_boxes_cover_what_is_asked_for_once() -> None:
    grid = Grid((7, 5, 4), (2.0, 1.0, 3.0), (-4.0, -2.0, 10.0))
    seen = np.zeros(grid.shape, int)
    for box in grid.boxes((-100, -1.0, 12.0), (100, 1.0, 20.0)):
        seen[box] += 1
        x, y, z = grid.points_mm(box)
        assert (x.shape[2], y.shape[1], z.shape[0]) == seen[box].shape[::-1]
    # z = 13, 16, 19 and y = -1, 0, 1 lie within; a voxel more on a side is allowed.
    assert seen.max() == 1
    assert (seen[1:4, 1:4, :] == 1).all()
    assert (seen[5:] == 0).all()
    assert list(grid.boxes((200, 0, 0), (300, 1, 1))) == []


@pytest.mark.parametrize("index", [(0, 0, 0), (6, 2, 3)])
def test_nearest_inverts_the_axes(index: tuple[int, int, int]) -> None:
    grid = Grid((7, 5, 4), (2.0, 1.0, 3.0), (-4.0, -2.0, 10.0))
    z, y, x = index
    assert grid.nearest((grid.axis_mm(0)[x], grid.axis_mm(1)[y], grid.axis_mm(2)[z])) == index
