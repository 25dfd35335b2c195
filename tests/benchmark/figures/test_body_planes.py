from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.figures.body_planes import VIEWS, BodyGrid, View, planes_of_runs, read_planes, voxels_of
from mswal_bench.benchmark.volumes.label_maps import read_label_map
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.metrics.foreground import foreground_of

ORIENTATIONS = ["".join(sides) for axes in permutations(("RL", "AP", "IS")) for sides in product(*axes)]
# (z, y, x): z to the head, y to the back, x to the patient's left.
LABELS = np.random.default_rng(0).integers(0, 8, (4, 5, 6)).astype(np.uint8)
SPACING_MM = (0.7, 0.8, 2.5)


def stored(path: Path, orientation: str = "LPS", values: np.ndarray = LABELS) -> Path:
    image = SimpleITK.GetImageFromArray(values)
    image.SetSpacing(SPACING_MM)
    SimpleITK.WriteImage(SimpleITK.DICOMOrient(image, orientation), str(path))
    return path


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_way_of_storing_looks_the_same(tmp_path: Path, orientation: str) -> None:
    path = stored(tmp_path / "labels.nii.gz", orientation)
    header = read_header(path)
    plain = BodyGrid(read_header(stored(tmp_path / "plain.nii.gz")).geometry)
    grid = BodyGrid(header.geometry)
    foreground = read_label_map(path, 7)
    # The front on top, the patient's right on the left; the head on top.
    shown: tuple[tuple[View, int, np.ndarray], ...] = (("axial", 1, LABELS[1]), ("coronal", 3, LABELS[::-1, 3]))
    for view, index, expected in shown:
        places = grid.places(view, plain.same_plane(grid, view, index))
        np.testing.assert_array_equal(planes_of_runs(foreground, foreground.class_ids, places), expected)
        np.testing.assert_array_equal(read_planes(header, [places])[0], expected)
    assert (grid.count("axial"), grid.count("coronal")) == (4, 5)
    assert grid.pixel_mm("axial") == pytest.approx((0.8, 0.7))
    assert grid.pixel_mm("coronal") == pytest.approx((2.5, 0.7))


def test_an_index_is_that_of_the_file(tmp_path: Path) -> None:
    header = read_header(stored(tmp_path / "labels.nii.gz", "IPL"))
    grid = BodyGrid(header.geometry)
    # Stored from head to feet, which is along the first of the file's axes.
    assert grid.stored_axis("axial") == 0
    np.testing.assert_array_equal(read_planes(header, [grid.places("axial", 0)])[0], LABELS[-1])


def test_planes_at_knows_where_each_voxel_is(tmp_path: Path) -> None:
    path = stored(tmp_path / "labels.nii.gz", "PIR")
    grid, foreground = BodyGrid(read_header(path).geometry), read_label_map(path, 7)
    for view in VIEWS:
        expected = [(planes_of_runs(foreground, foreground.class_ids, grid.places(view, index)) > 0).sum()
                    for index in range(grid.count(view))]  # fmt: skip
        found = np.bincount(grid.planes_at(view, voxels_of(foreground)), minlength=grid.count(view))
        assert found.tolist() == expected


def test_a_slope_is_applied_and_planes_may_cross_blocks(tmp_path: Path) -> None:
    values = np.arange(90 * 80 * 90, dtype=np.int32).reshape(90, 80, 90)
    image = SimpleITK.GetImageFromArray(values)
    SimpleITK.WriteImage(image, str(tmp_path / "image.nii"))
    raw = bytearray((tmp_path / "image.nii").read_bytes())
    raw[112:120] = np.array([2.0, -5.0], "<f4").tobytes()
    (tmp_path / "image.nii").write_bytes(raw)
    header = read_header(tmp_path / "image.nii")
    grid = BodyGrid(header.geometry)
    axial, coronal = read_planes(header, [grid.places("axial", 7), grid.places("coronal", 41)])
    # 32-bit floats hold these to a few units.
    np.testing.assert_allclose(axial, 2.0 * values[7] - 5, rtol=1e-6)
    np.testing.assert_allclose(coronal, 2.0 * values[::-1, 41] - 5, rtol=1e-6)


def test_a_label_map_without_a_label() -> None:
    empty = foreground_of(np.zeros((2, 3, 4), np.uint8))
    assert not planes_of_runs(empty, empty.class_ids, np.arange(12).reshape(3, 4)).any()
