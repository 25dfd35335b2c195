from __future__ import annotations

import cc3d
import numpy as np
import pytest

from mswal_bench.benchmark.data.phantom.cohort import BURDENS, PlannedLesion, SizeGroup, cohort
from mswal_bench.benchmark.data.phantom.lesion_shapes import axial_diameter_bounds_mm, shape_of, stamp

SPACINGS = [(4.0, 4.0, 4.0), (3.0, 3.0, 3.0), (0.7, 0.7, 5.0), (0.8, 0.8, 1.0)]


def test_diameter_of_known_masks() -> None:
    mask = np.zeros((3, 5, 6), bool)
    assert axial_diameter_bounds_mm(mask, (1, 1, 1)) == (0, 0)
    mask[1, 2, 1:5] = True
    between_centres, between_corners = axial_diameter_bounds_mm(mask, (2.0, 3.0, 50.0))
    assert between_centres == pytest.approx(6)
    assert between_corners == pytest.approx(np.hypot(8, 3))
    # Only distances within a slice count.
    mask[2, 4, 5] = True
    assert axial_diameter_bounds_mm(mask, (2.0, 3.0, 50.0))[0] == pytest.approx(6)


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("key", list(BURDENS))
@pytest.mark.parametrize(("group", "diameter_mm"), [("small", 3.0), ("small", 19.9), ("large", 20.0), ("large", 41.0)])
def test_voxels_measure_into_the_drawn_group_and_are_connected(
    key: str, group: SizeGroup, diameter_mm: float, spacing_mm: tuple[float, float, float]
) -> None:
    lesion = PlannedLesion(key, group, diameter_mm)
    for seed in range(2):
        form = shape_of(lesion, np.random.default_rng(seed))
        drawn = stamp(lesion, form, spacing_mm, diameter_mm=diameter_mm)
        shortest, longest = axial_diameter_bounds_mm(drawn.mask, spacing_mm)
        assert longest < 20 if group == "small" else shortest >= 20
        assert cc3d.connected_components(drawn.mask, connectivity=26, return_N=True)[1] == 1
        assert drawn.mask[drawn.centre]
        # An empty margin, so that neighbours are seen when it is placed.
        assert drawn.mask.sum() == drawn.mask[1:-1, 1:-1, 1:-1].sum() == len(drawn.voxels)
        assert np.array_equal(drawn.mask, drawn.distance_mm <= 0)


def test_fine_voxels_keep_the_drawn_diameter() -> None:
    for key in BURDENS:
        lesion = PlannedLesion(key, "large", 30.0)
        drawn = stamp(lesion, shape_of(lesion, np.random.default_rng(1)), (0.7, 0.7, 2.0), diameter_mm=30.0)
        assert np.mean(axial_diameter_bounds_mm(drawn.mask, (0.7, 0.7, 2.0))) == pytest.approx(30, rel=0.2)


@pytest.mark.parametrize("spacing_mm", [3.0, 4.0])
@pytest.mark.parametrize("key", list(BURDENS))
def test_small_lesions_are_round_on_coarse_grids(key: str, spacing_mm: float) -> None:
    rng = np.random.default_rng(0)
    shares, reaches = [], []
    for diameter_mm in np.linspace(BURDENS[key].shortest_mm, 19.0, 60):
        lesion = PlannedLesion(key, "small", float(diameter_mm))
        mask = stamp(lesion, shape_of(lesion, rng), (spacing_mm,) * 3, diameter_mm=lesion.diameter_mm).mask
        voxels = np.argwhere(mask)
        shares.append(len(voxels) / np.prod(np.ptp(voxels, axis=0) + 1))
        # A ball's voxel farthest from the middle is a radius away, a cube's sqrt(3) / 1.24 = 1.4 of them.
        ball_mm = (3 * len(voxels) / (4 * np.pi)) ** (1 / 3)
        reaches.append(np.linalg.norm(voxels - voxels.mean(axis=0), axis=1).max() / ball_mm)
    # A cube fills all of its box and a ball pi / 6.
    assert max(shares) < 0.95
    assert np.mean(shares) < 0.8
    # Cancers are uneven and oblong.
    assert np.mean(reaches) < (1.25 if key == "pancreatic_cancer" else 1.15)


@pytest.mark.parametrize("spacing_mm", [3.0, 4.0])
def test_no_lesion_of_a_cohort_exceeds_its_class_on_a_coarse_grid(spacing_mm: float) -> None:
    rng = np.random.default_rng(0)
    for patient in cohort(0):
        for lesion in patient.lesions:
            # The others have a limit far above the edge of a voxel.
            if lesion.diameter_mm < 0.8 * BURDENS[lesion.key].longest_mm:
                continue
            drawn = stamp(lesion, shape_of(lesion, rng), (spacing_mm,) * 3, diameter_mm=lesion.diameter_mm)
            between_centres = axial_diameter_bounds_mm(drawn.mask, (spacing_mm,) * 3)[0]
            # The surface of the uneven ones rises and falls about that of the ellipsoid.
            assert between_centres <= 1.18 * BURDENS[lesion.key].longest_mm, lesion
