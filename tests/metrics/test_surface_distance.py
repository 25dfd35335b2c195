from __future__ import annotations

from math import hypot, isnan, nan
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.distance import cdist

from mswal_bench.metrics.foreground import foreground_of
from mswal_bench.metrics.surface import join, surface_of
from mswal_bench.metrics.surface_distance import SurfaceAgreement, compare_surfaces, surface_agreement

Mask = NDArray[np.bool_]
UNIT = (1.0, 1.0, 1.0)
SPACINGS = [UNIT, (2.5, 0.7, 0.9), (5.0, 0.75, 0.75), (0.4, 0.4, 0.4)]


def _box(*sides: tuple[int, int], shape: tuple[int, int, int] = (12, 12, 12)) -> Mask:
    mask = np.zeros(shape, bool)
    mask[tuple(slice(*side) for side in sides)] = True
    return mask


def _compare(reference: Mask, prediction: Mask, spacing: tuple[float, ...], tolerance_mm: float) -> SurfaceAgreement:
    return compare_surfaces(surface_of(reference, spacing), surface_of(prediction, spacing), tolerance_mm)


def test_plates_apart() -> None:
    # One side ends 3 mm below the other, which has two more rows of elements on its walls.
    reference, prediction = _box((2, 4), (0, 12), (0, 12)), _box((2, 6), (0, 12), (0, 12))
    agreement = _compare(reference, prediction, (1.5, 1.0, 1.0), 2.0)
    plane = 11 * 11 + 4 * 11 * hypot(1.5, 1) / 2 + 4 * hypot(1.5, 1.5, 1) / 8
    row = 4 * 11 * 1.5 + 4 * hypot(1.5, 1.5) / 2
    # The lower end is too far from the upper; of that, all within 2 mm of the longer side's walls is near enough.
    far = plane + 7 * 7
    assert agreement.nsd == pytest.approx(1 - far / (4 * plane + 4 * row))
    assert agreement.hd95_mm == 3.0


@pytest.mark.parametrize(
    ("shift", "spacing", "tolerance_mm"),
    [
        ((2, 0, 0), UNIT, 2.0),
        ((0, 5, 0), (1, 0.4, 1), 2.0),
        ((0, 0, 20), (1, 1, 0.1), 2.0),
        ((3, 4, 0), (0.5,) * 3, 2.5),
    ],
)
def test_what_is_at_exactly_the_tolerance_is_within(
    shift: tuple[int, int, int], spacing: tuple[float, float, float], tolerance_mm: float
) -> None:
    voxel = np.ones((1, 1, 1), bool)
    here, there = surface_of(voxel, spacing), surface_of(voxel, spacing).moved(shift)
    # The elements on the near side are closer, those on the far side exactly as far off as the voxel was moved.
    assert compare_surfaces(here, there, tolerance_mm) == SurfaceAgreement(nsd=1.0, hd95_mm=tolerance_mm)
    assert compare_surfaces(here, there, np.nextafter(tolerance_mm, 0)).nsd < 1


def test_one_surface_is_at_no_distance_from_itself() -> None:
    mask = _blobs(np.random.default_rng(0), (9, 10, 11))
    assert _compare(mask, mask, (2.0, 0.7, 0.9), 0.0) == SurfaceAgreement(nsd=1.0, hd95_mm=0.0)


def test_95_percent_are_enough() -> None:
    voxel = np.ones((1, 1, 1), bool)
    alike = [surface_of(voxel, UNIT).moved((0, 0, 4 * place)) for place in range(19)]
    astray = surface_of(voxel, UNIT).moved((0, 50, 0))
    tie = compare_surfaces(join([*alike, astray]), join(alike), 1.0)
    assert tie.hd95_mm == 0.0
    assert tie.nsd == pytest.approx((19 + 19) / (20 + 19))
    short_of = compare_surfaces(join([*alike[1:], astray]), join(alike[1:]), 1.0)
    assert short_of.hd95_mm == pytest.approx(hypot(50 - 1, 4 - 1))


def test_empty_sides() -> None:
    empty, full = np.zeros((3, 4, 5), bool), np.ones((3, 4, 5), bool)
    both = _compare(empty, empty, UNIT, 1.0)
    assert isnan(both.nsd)
    assert isnan(both.hd95_mm)
    for sides in ((empty, full), (full, empty)):
        one = _compare(*sides, UNIT, 1.0)
        assert one.nsd == 0
        assert isnan(one.hd95_mm)
    assert len(surface_of(np.zeros((0, 4, 5), bool), UNIT).points) == 0


def test_surfaces_of_one_spacing_are_compared() -> None:
    voxel = np.ones((1, 1, 1), bool)
    sides = surface_of(voxel, UNIT), surface_of(voxel, (1.0, 1.0, 2.0))
    with pytest.raises(ValueError, match="of one spacing"):
        compare_surfaces(*sides, 1.0)
    for tolerance_mm in (-1.0, nan):
        with pytest.raises(ValueError, match="tolerance of 0 mm or more"):
            compare_surfaces(sides[0], sides[0], tolerance_mm)


def _blobs(random: np.random.Generator, shape: tuple[int, ...], smooth: float = 1.0) -> Mask:
    waves = ndimage.gaussian_filter(random.standard_normal(shape), smooth)
    return np.asarray(waves > np.quantile(waves, random.uniform(0.5, 0.95)))


def _direct(reference: Mask, prediction: Mask, spacing: tuple[float, ...], tolerance_mm: float) -> SurfaceAgreement:
    """As the definition reads: distance transforms over the whole grid, and all elements sorted by distance."""
    sides = []
    for mask in (reference, prediction):
        padded = np.pad(mask, 1)
        corners = [np.roll(padded, shift, (0, 1, 2)) for shift in np.ndindex(2, 2, 2)]
        border = np.any(corners, axis=0) & ~np.all(corners, axis=0)
        areas = np.zeros(border.shape)
        for point in np.argwhere(border):
            areas[tuple(point)] = _area(padded[tuple(slice(last - 1, last + 1) for last in point)], spacing)
        sides.append((border, areas, ndimage.distance_transform_edt(~border, sampling=spacing)))
    near, total, hd95 = 0.0, 0.0, 0.0
    for (border, areas, _), (_, _, distance_map) in (sides, sides[::-1]):
        order = np.argsort(distance_map[border])
        distances, weights = distance_map[border][order], areas[border][order]
        near += weights[distances <= tolerance_mm].sum()
        total += weights.sum()
        index = np.searchsorted(np.cumsum(weights) / weights.sum(), 0.95)
        hd95 = max(hd95, distances[min(index, len(distances) - 1)])
    return SurfaceAgreement(near / total, hd95)


def _area(eight: Mask, spacing: tuple[float, ...]) -> float:
    """That of the element in the midst of eight voxels, and of no other."""
    element = surface_of(eight, spacing)
    return float(element.areas_mm2[(element.points == 1).all(axis=1)].sum())


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("tolerance_mm", [0.0, 1.0, 2.0, 15.0])
def test_random_masks_against_the_definition(spacing: tuple[float, float, float], tolerance_mm: float) -> None:
    for seed in range(4):
        random = np.random.default_rng([seed, int(tolerance_mm)])
        shape = tuple(int(side) for side in random.integers(2, 14, 3))
        reference = _blobs(random, shape) if seed % 2 else random.random(shape) < random.uniform(0.1, 0.9)
        prediction = np.roll(reference, (0, 1, 1), (0, 1, 2)) if seed < 2 else _blobs(random, shape)
        found, wanted = (measure(reference, prediction, spacing, tolerance_mm) for measure in (_compare, _direct))
        assert found.nsd == pytest.approx(wanted.nsd, abs=1e-12)
        assert found.hd95_mm == pytest.approx(wanted.hd95_mm, abs=1e-12)


@pytest.mark.parametrize("tolerance_mm", [1.0, 8.0, 30.0, 70.0])
def test_far_away_against_all_pairs(tolerance_mm: float) -> None:
    random, spacing = np.random.default_rng(7), (2.0, 0.7, 0.9)
    for share in (0, 2, 6):
        lesions = [
            surface_of(_blobs(random, (12, 12, 12), 2), spacing).moved(corner)
            for corner in random.integers(0, 90, (9, 3))
        ]
        reference, prediction = join(lesions[:6]), join(lesions[6 - share :])
        between = cdist(reference.positions_mm, prediction.positions_mm)
        near, total, directed = 0.0, 0.0, []
        for side, distances in ((reference, between.min(axis=1)), (prediction, between.min(axis=0))):
            order = np.argsort(distances)
            reached = np.cumsum(side.areas_mm2[order])
            near, total = near + side.areas_mm2[distances <= tolerance_mm].sum(), total + reached[-1]
            directed.append(distances[order][np.searchsorted(reached / reached[-1], 0.95)])
        found = compare_surfaces(reference, prediction, tolerance_mm)
        assert found.nsd == pytest.approx(near / total, abs=1e-12)
        assert found.hd95_mm == pytest.approx(max(directed), abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_box_by_box_is_as_all_at_once(seed: int) -> None:
    random = np.random.default_rng(seed)
    masks = [_blobs(random, (20, 60, 70), 1.5) & (random.random((20, 1, 70)) < 0.7) for _ in range(2)]
    spacing = (2.5, 0.7, 0.9)
    reference, prediction = (foreground_of(mask.astype(np.uint8)) for mask in masks)
    found = surface_agreement(reference, prediction, spacing, 2.0)
    wanted = _compare(masks[0], masks[1], spacing, 2.0)
    assert found.nsd == pytest.approx(wanted.nsd, abs=1e-12)
    assert found.hd95_mm == wanted.hd95_mm


_MASKS = arrays(np.bool_, (3, 4, 5), elements=st.booleans())


@settings(max_examples=100, deadline=None)
@given(_MASKS, _MASKS, st.sampled_from(SPACINGS), st.sampled_from([0.0, 1.0, 1.3, 3.0]))
def test_symmetries(
    reference: Mask, prediction: Mask, spacing: tuple[float, float, float], tolerance_mm: float
) -> None:
    agreement = _compare(reference, prediction, spacing, tolerance_mm)
    swapped = _compare(prediction, reference, spacing, tolerance_mm)
    assert repr(swapped) == repr(agreement)
    mirrored = _compare(reference[::-1, :, ::-1], prediction[::-1, :, ::-1], spacing, tolerance_mm)
    turned_spacing = (spacing[2], spacing[0], spacing[1])
    turned = _compare(reference.transpose(2, 0, 1), prediction.transpose(2, 0, 1), turned_spacing, tolerance_mm)
    for other in (mirrored, turned):
        assert other.nsd == pytest.approx(agreement.nsd, abs=1e-12, nan_ok=True)
        assert other.hd95_mm == pytest.approx(agreement.hd95_mm, abs=1e-12, nan_ok=True)


@pytest.mark.filterwarnings("ignore:monai:FutureWarning")
@pytest.mark.parametrize("spacing", SPACINGS)
def test_nsd_against_monai(spacing: tuple[float, float, float]) -> None:
    for seed in range(3):
        random = np.random.default_rng(seed)
        reference = _blobs(random, (20, 40, 40), 2)
        prediction = np.roll(reference, (0, 1, 2), (0, 1, 2)) ^ _blobs(random, (20, 40, 40), 2)
        # Off any distance between voxels, since monai rounds those to single precision.
        found = _compare(reference, prediction, spacing, 1.77).nsd
        assert found == pytest.approx(_monai_nsd(reference, prediction, spacing, 1.77), abs=1e-5)


def _monai_nsd(reference: Mask, prediction: Mask, spacing: tuple[float, ...], tolerance_mm: float) -> float:
    torch, monai = pytest.importorskip("torch"), pytest.importorskip("monai.metrics")
    sides = [torch.from_numpy(np.pad(mask, 1)[None, None].copy()) for mask in (prediction, reference)]
    score = monai.compute_surface_dice(
        *sides, [tolerance_mm], include_background=True, spacing=spacing, use_subvoxels=True
    )
    return float(score)


@pytest.mark.filterwarnings("ignore:monai:FutureWarning")
@pytest.mark.parametrize("rater", ["rater2", "rater3"])
@pytest.mark.parametrize("patient", ["KiTS_00002", "KiTS_00025"])
def test_raters_against_monai(kits_raters: Path, patient: str, rater: str) -> None:
    pytest.importorskip("monai")
    images = [SimpleITK.ReadImage(str(kits_raters / name / f"{patient}.nii.gz")) for name in ("rater1", rater)]
    spacing = images[0].GetSpacing()[::-1]
    masks = [SimpleITK.GetArrayViewFromImage(image) == 4 for image in images]
    (box,) = ndimage.find_objects((masks[0] | masks[1]).astype(np.uint8))
    reference, prediction = (mask[box] for mask in masks)
    found = _compare(reference, prediction, spacing, 2.0)
    assert found.nsd == pytest.approx(_monai_nsd(reference, prediction, spacing, 2.0), abs=1e-5)
