from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mswal_bench.metrics.surface import Surface
from mswal_bench.metrics.surface_search import DirectedDistances, distances_both_ways, lengths_of

SPACINGS = [(1.0, 1.0, 1.0), (2.5, 0.7, 0.9), (0.625, 0.75, 0.75)]
Spacing = tuple[float, float, float]


def _clouds(random: np.random.Generator, spacing_mm: Spacing) -> tuple[Surface, Surface]:
    """Elements in clumps, of which the second surface has some, moved a little, and the first some more."""
    clumps = [random.integers(0, 9, (120, 3)) + random.integers(0, 120, 3) for _ in range(9)]
    moved = [clump + random.integers(-2, 3, 3) for clump in clumps[: random.integers(2, 9)]]
    sides = (np.unique(np.concatenate(parts), axis=0).astype(np.int32) for parts in (clumps, moved))
    one, another = (Surface(side, random.uniform(0.1, 2, len(side)), spacing_mm) for side in sides)
    return one, another


def _nearest_mm(side: Surface, other: Surface) -> NDArray[np.float64]:
    """Tries every pair of elements."""
    return np.array([lengths_of(other.points - point, side.spacing_mm).min() for point in side.points])


def _both_ways(random: np.random.Generator, spacing_mm: Spacing) -> list[tuple[DirectedDistances, Surface, Surface]]:
    one, another = _clouds(random, spacing_mm)
    found = distances_both_ways(one, another, 2.0)
    return list(zip(found, (one, another), (another, one), strict=True))


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("seed", range(4))
def test_the_distance_of_every_share_of_the_area_is_that_of_all_pairs(seed: int, spacing_mm: Spacing) -> None:
    for found, side, other in _both_ways(np.random.default_rng(seed), spacing_mm):
        distances_mm = _nearest_mm(side, other)
        order = np.argsort(distances_mm, kind="stable")
        reached_mm2 = np.cumsum(side.areas_mm2[order])
        for share in (0.01, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0):
            # Between two elements, so that sums in another order are reached by the same one.
            first = int(np.searchsorted(reached_mm2, share * reached_mm2[-1] * (1 - 1e-9)))
            area_mm2 = reached_mm2[first] - side.areas_mm2[order[first]] / 2
            wanted_mm = distances_mm[order[first]]
            assert found.reaching_mm(area_mm2) == wanted_mm
            for at_least_mm in (0.5 * wanted_mm, wanted_mm, np.nextafter(wanted_mm, 99), wanted_mm + 30):
                assert found.reaching_mm(area_mm2, at_least_mm) == max(at_least_mm, wanted_mm)


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("limit_mm", [0.0, 0.7, 2.0, 7.5, 40.0, 1000.0])
def test_the_area_within_a_limit_is_that_of_all_pairs(limit_mm: float, spacing_mm: Spacing) -> None:
    for found, side, other in _both_ways(np.random.default_rng(9), spacing_mm):
        within = _nearest_mm(side, other) <= limit_mm
        assert found.within_mm2(limit_mm) == pytest.approx(side.areas_mm2[within].sum(), rel=1e-12)
        assert found.total_mm2 == pytest.approx(side.areas_mm2.sum(), rel=1e-12)


def test_places_are_tried_up_to_the_limit_unless_they_are_very_many() -> None:
    point, areas_mm2 = np.zeros((1, 3), np.int32), np.ones(1)
    for spacing_mm, limit_mm, is_tried in (((1.0, 1.0, 1.0), 3.0, True), ((0.1, 0.1, 0.1), 3.0, False)):
        away = np.array([[0, 0, round(3 / spacing_mm[2])]], np.int32)
        one, another = Surface(point, areas_mm2, spacing_mm), Surface(away, areas_mm2, spacing_mm)
        for found in distances_both_ways(one, another, limit_mm):
            assert found.far.is_empty is is_tried
            assert found.far_share() == (0 if is_tried else 1)
            assert found.within_mm2(np.nextafter(3.0, 9)) == 1
            assert found.reaching_mm(0.95) == lengths_of(away, spacing_mm)[0]
