from __future__ import annotations

import numpy as np
import pytest

from mswal_bench.benchmark.data.phantom.solids import Ellipsoid, Solid, Tube, Union, Without, bumpy, rotation

BALL = Ellipsoid((1.0, 2.0, 3.0), (10.0, 10.0, 10.0))


def distance(solid: Solid, *point: float) -> float:
    x, y, z = (np.array([value], np.float32) for value in point)
    return float(solid.distance_mm(x, y, z)[0])


@pytest.mark.parametrize(
    ("point", "expected"), [((1, 2, 3), -10), ((8, 2, 3), -3), ((1, 12, 3), 0), ((1, 2, 18), 5), ((1, 17, 3), 5)]
)
def test_a_balls_distance_is_exact(point: tuple[float, float, float], expected: float) -> None:
    assert distance(BALL, *point) == pytest.approx(expected, abs=1e-4)


def test_a_turned_ellipsoid_has_its_long_axis_where_the_turn_puts_it() -> None:
    turned = Ellipsoid((0, 0, 0), (30, 10, 10), rotation(about_z_deg=90))
    assert distance(turned, 0, 30, 0) == pytest.approx(0, abs=1e-3)
    assert distance(turned, 10, 0, 0) == pytest.approx(0, abs=1e-3)
    assert np.allclose(turned.bounds_mm(), [(-10, -30, -10), (10, 30, 10)], atol=1e-4)


def test_a_tube_tapers() -> None:
    tube = Tube(((0, 0, 0), (0, 0, 100)), (10, 4))
    assert distance(tube, 0, 0, 50) == pytest.approx(-7)
    assert distance(tube, 12, 0, 50) == pytest.approx(5)
    assert distance(tube, 0, 0, 110) == pytest.approx(6)


def test_union_and_without() -> None:
    other = Ellipsoid((21, 2, 3), (10, 10, 10))
    assert distance(Union((BALL, other), 4.0), 11, 2, 3) == pytest.approx(-1)
    assert distance(Union((BALL, other)), 1, 2, 3) == pytest.approx(-10)
    assert distance(Without(BALL, other, gap_mm=2), 10, 2, 3) == pytest.approx(1)
    assert distance(Without(BALL, other), 1, 2, 3) == pytest.approx(-10)


@pytest.mark.parametrize("seed", range(3))
def test_bumps_stay_within_their_height_and_bounds(seed: int) -> None:
    solid = bumpy(BALL, 2.0, np.random.default_rng(seed), length_mm=30)
    x, y, z = np.meshgrid(*[np.linspace(-15, 17, 33, dtype=np.float32)] * 3, indexing="ij")
    change = solid.distance_mm(x, y, z) - BALL.distance_mm(x, y, z)
    assert np.abs(change).max() <= 2.0 + 1e-3
    assert change.std() > 0.1
    inside = solid.distance_mm(x, y, z) <= 0
    lower, upper = solid.bounds_mm()
    assert all(lower[i] <= axis[inside].min() and axis[inside].max() <= upper[i] for i, axis in enumerate((x, y, z)))
