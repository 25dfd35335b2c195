from __future__ import annotations

import numpy as np

from mswal_bench.benchmark.data.phantom.canvas import Canvas, Tissue
from mswal_bench.benchmark.data.phantom.grids import Grid
from mswal_bench.benchmark.data.phantom.solids import Ellipsoid

GRID = Grid((21, 21, 21), (1.0, 1.0, 1.0), (-10.0, -10.0, -10.0))


def test_the_first_solid_keeps_its_voxels_and_its_distance() -> None:
    canvas = Canvas(GRID)
    canvas.owner[:] = Tissue.FAT
    canvas.paint(Ellipsoid((-3, 0, 0), (4, 4, 4)), 100, Tissue.LIVER, gap_mm=2)
    before = canvas.owner == Tissue.LIVER
    canvas.paint(Ellipsoid((3, 0, 0), (6, 6, 6)), 50, Tissue.SPLEEN)
    assert np.array_equal(canvas.owner == Tissue.LIVER, before)
    assert canvas.owner[10, 10, 12] == Tissue.KEPT_FAT
    assert canvas.owner[10, 10, 14] == Tissue.SPLEEN
    assert canvas.hu[10, 10, 7] == 100
    assert canvas.hu[10, 10, 16] == 50


def test_a_surface_is_a_voxel_wide() -> None:
    canvas = Canvas(GRID)
    assert canvas.cover(np.array([-1, -0.5, 0, 0.25, 0.5, 1], np.float32)).tolist() == [1, 1, 0.5, 0.25, 0, 0]


def test_a_detail_changes_no_owner() -> None:
    canvas = Canvas(GRID)
    canvas.owner[:] = Tissue.LIVER
    canvas.paint(Ellipsoid((0, 0, 0), (4, 4, 4)), 160, over=(Tissue.LIVER,))
    assert (canvas.owner == Tissue.LIVER).all()
    assert canvas.hu[10, 10, 10] == 160
