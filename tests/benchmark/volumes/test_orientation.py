from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.volumes.geometry import Geometry, disagreements
from mswal_bench.benchmark.volumes.label_maps import read_label_map
from mswal_bench.benchmark.volumes.orientation import axes_towards
from mswal_bench.benchmark.volumes.volume_header import read_header

ORIENTATIONS = ["".join(sides) for axes in permutations(("RL", "AP", "IS")) for sides in product(*axes)]
LABELS = np.random.default_rng(0).integers(0, 8, (4, 5, 6)).astype(np.uint8)
# Turned by about ten degrees around the body's axis, as scans with a tilted table are.
TILTED = (0.98, -0.199, 0.0, 0.199, 0.98, 0.0, 0.0, 0.0, 1.0)


def _image(direction: tuple[float, ...] = (1, 0, 0, 0, 1, 0, 0, 0, 1)) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(LABELS)
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((-120.5, 30.25, 400.0))
    image.SetDirection(direction)
    return image


def _saved(image: SimpleITK.Image, path: Path) -> Path:
    SimpleITK.WriteImage(image, str(path))
    return path


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_way_of_storing_one_grid(tmp_path: Path, orientation: str) -> None:
    reference = read_header(_saved(_image(), tmp_path / "reference.nii.gz")).geometry
    stored = _saved(SimpleITK.DICOMOrient(_image(), orientation), tmp_path / "stored.nii.gz")
    geometry = read_header(stored).geometry
    axes = axes_towards(reference, geometry)
    assert axes.are_the_same == (orientation == "LPS")
    assert not disagreements(reference, axes.of_geometry(geometry), "")
    np.testing.assert_array_equal(axes.of_foreground(read_label_map(stored, 7)).to_array(), LABELS)


def test_a_turned_grid(tmp_path: Path) -> None:
    reference = read_header(_saved(_image(TILTED), tmp_path / "reference.nii.gz")).geometry
    flipped = SimpleITK.Flip(_image(TILTED), (True, False, True))
    geometry = read_header(_saved(flipped, tmp_path / "stored.nii.gz")).geometry
    axes = axes_towards(reference, geometry)
    assert not disagreements(reference, axes.of_geometry(geometry), "")
    assert (axes.order, axes.flipped, str(axes)) == ((0, 1, 2), (True, False, True), "-x, y, -z")


def _geometry(**changes: object) -> Geometry:
    values = {
        "shape": (6, 5, 4),
        "spacing_mm": (0.7, 0.8, 2.5),
        "origin_mm": (-120.5, 30.25, 400.0),
        "direction": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
    }
    return Geometry(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": (6, 5, 3)},
        {"spacing_mm": (0.7, 0.8, 2.4)},
        {"origin_mm": (-120.5, 31.25, 400.0)},
        {"direction": TILTED},
        # Flipped around its first voxel: the same axes, another place.
        {"direction": (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)},
        {"shape": (5, 6, 4), "direction": (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)},
    ],
)
def test_another_grid(changes: dict[str, object]) -> None:
    other = _geometry(**changes)
    assert disagreements(_geometry(), axes_towards(_geometry(), other).of_geometry(other), "")


def test_a_flipped_grid_slightly_off_is_off_by_that() -> None:
    # Flipped along x, its first voxel is where the last was, but for 0.05 mm.
    flipped = _geometry(direction=(-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), origin_mm=(-116.95, 30.25, 400.0))
    (problem,) = disagreements(_geometry(), axes_towards(_geometry(), flipped).of_geometry(flipped), "")
    assert "by 0.05 mm" in str(problem)


@pytest.mark.parametrize(("orientation", "axis"), [("LPS", 2), ("RAI", 2), ("SLP", 0), ("LSP", 1), ("PIR", 1)])
def test_the_axial_axis(tmp_path: Path, orientation: str, axis: int) -> None:
    stored = _saved(SimpleITK.DICOMOrient(_image(TILTED), orientation), tmp_path / "stored.mha")
    assert read_header(stored).geometry.axial_axis == axis
