from __future__ import annotations

from math import hypot, nan
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from mswal_bench.metrics.surface import Surface, join, surface_of

Mask = NDArray[np.bool_]
UNIT = (1.0, 1.0, 1.0)
SPACINGS = [UNIT, (2.5, 0.7, 0.9), (5.0, 0.75, 0.75), (0.4, 0.4, 0.4)]


def _box(*sides: tuple[int, int], shape: tuple[int, int, int] = (12, 12, 12)) -> Mask:
    mask = np.zeros(shape, bool)
    mask[tuple(slice(*side) for side in sides)] = True
    return mask


def _rows(surface: Surface) -> list[tuple[float, ...]]:
    """Elements in an order of their own."""
    return sorted(zip(*surface.points.T.tolist(), surface.areas_mm2.tolist(), strict=True))


def test_a_lone_voxel_is_an_octahedron() -> None:
    voxel = surface_of(_box((3, 4), (5, 6), (7, 8)), (4.0, 3.0, 2.0))
    # Eight triangles, each an eighth of the root of the squared faces of a voxel.
    assert voxel.areas_mm2.sum() == pytest.approx(hypot(4 * 3, 4 * 2, 3 * 2))
    assert sorted(voxel.positions_mm[:, 0]) == [2.5 * 4] * 4 + [3.5 * 4] * 4
    assert sorted(voxel.positions_mm[:, 2]) == [6.5 * 2] * 4 + [7.5 * 2] * 4


@pytest.mark.parametrize("spacing", SPACINGS)
def test_the_area_of_a_box(spacing: tuple[float, float, float]) -> None:
    z, y, x = spacing
    inner = np.array([4, 5, 6]) - 1
    corners = hypot(z * y, z * x, y * x)
    edges = 4 * (inner[0] * z * hypot(y, x) + inner[1] * y * hypot(z, x) + inner[2] * x * hypot(z, y)) / 2
    faces = 2 * (inner[0] * z * inner[1] * y + inner[0] * z * inner[2] * x + inner[1] * y * inner[2] * x)
    surface = surface_of(_box((2, 6), (2, 7), (2, 8)), spacing)
    assert surface.areas_mm2.sum() == pytest.approx(corners + edges + faces)
    assert len(surface.points) == 5 * 6 * 7 - 3 * 4 * 5


def test_joining_nothing() -> None:
    nothing, voxel = join([]), surface_of(np.ones((1, 1, 1), bool), (3.0, 2.0, 1.0))
    assert nothing.points.shape == nothing.positions_mm.shape == (0, 3)
    assert _rows(join([nothing, voxel, nothing])) == _rows(voxel)
    assert join([nothing, voxel]).spacing_mm == (3.0, 2.0, 1.0)


def test_the_border_of_the_box_is_a_surface() -> None:
    mask = _blobs(np.random.default_rng(1), (5, 6, 7))
    assert mask[0].any()
    assert mask[:, :, -1].any()
    padded = surface_of(np.pad(mask, 2), UNIT).moved((-2, -2, -2))
    assert _rows(surface_of(mask, UNIT)) == _rows(padded)


def test_boxes_joined_are_the_mask() -> None:
    mask = np.zeros((20, 30, 40), bool)
    corners = [(0, 0, 0), (0, 16, 20), (11, 3, 31), (12, 20, 0)]
    parts = []
    for seed, corner in enumerate(corners):
        lesion = _blobs(np.random.default_rng(seed), (8, 9, 9))
        mask[tuple(slice(start, start + side) for start, side in zip(corner, lesion.shape, strict=True))] = lesion
        parts.append(surface_of(lesion, SPACINGS[1]).moved(corner))
    whole, joined = surface_of(mask, SPACINGS[1]), join(parts)
    assert _rows(joined) == _rows(whole)


def test_surfaces_of_two_spacings_are_not_joined() -> None:
    voxel = np.ones((1, 1, 1), bool)
    with pytest.raises(ValueError, match="of one spacing"):
        join([surface_of(voxel, UNIT), surface_of(voxel, (1.0, 1.0, 2.0))])


@pytest.mark.parametrize("mask", [np.ones((2, 2), bool), np.ones((2, 2, 2), np.uint8)])
def test_only_3d_booleans_are_masks(mask: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="3D boolean mask"):
        surface_of(mask, UNIT)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.0, 0.0, 1.0), (1.0, nan, 1.0)])
def test_spacings_are_positive(spacing: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="three positive spacings"):
        surface_of(np.ones((2, 2, 2), bool), spacing)


def _blobs(random: np.random.Generator, shape: tuple[int, ...], smooth: float = 1.0) -> Mask:
    waves = ndimage.gaussian_filter(random.standard_normal(shape), smooth)
    return np.asarray(waves > np.quantile(waves, random.uniform(0.5, 0.95)))


def _area(eight: Mask, spacing: tuple[float, ...]) -> float:
    """That of the element in the midst of eight voxels, and of no other."""
    element = surface_of(eight, spacing)
    return float(element.areas_mm2[(element.points == 1).all(axis=1)].sum())


@pytest.mark.parametrize("spacing", [*SPACINGS, (0.1, 3.0, 40.0)])
def test_every_area_against_monai(spacing: tuple[float, float, float]) -> None:
    utils = pytest.importorskip("monai.metrics.utils")
    table, kernel = utils.create_table_neighbour_code_to_surface_area(spacing)
    for code in range(256):
        eight = (code >> np.arange(8) & 1).astype(bool).reshape(2, 2, 2)
        wanted = float(table[int((kernel.numpy().squeeze() * eight).sum())])
        assert _area(eight, spacing) == pytest.approx(wanted, rel=1e-6)
