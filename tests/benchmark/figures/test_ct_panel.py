from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mswal_bench.benchmark.figures.ct_panel import outlines, panel_title


def area(polygon: np.ndarray) -> float:
    """Signed, by the shoelace formula; what is walked with the region on the right hand is positive."""
    rows, columns = polygon[:, 0], polygon[:, 1]
    return float((np.roll(rows, -1) * columns - rows * np.roll(columns, -1)).sum() / -2) * -1


def test_one_pixel() -> None:
    region = np.zeros((3, 4), bool)
    region[1, 2] = True
    (square,) = outlines(region)
    assert sorted(map(tuple, square.tolist())) == [(1, 2), (1, 3), (2, 2), (2, 3)]


def test_a_hole_is_a_polygon_the_other_way_round() -> None:
    region = np.ones((3, 3), bool)
    region[1, 1] = False
    areas = sorted(area(polygon) for polygon in outlines(region))
    assert areas in ([-1.0, 9.0], [-9.0, 1.0])


def test_pixels_that_touch_by_a_corner_stay_apart() -> None:
    assert [len(polygon) for polygon in outlines(np.eye(3, dtype=bool))] == [4, 4, 4]


def test_straight_edges_are_one_stretch() -> None:
    (rectangle,) = outlines(np.ones((5, 9), bool))
    assert len(rectangle) == 4


def test_an_empty_region_has_no_outline() -> None:
    assert outlines(np.zeros((4, 4), bool)) == []


@settings(max_examples=200, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))))
def test_what_is_inside_by_the_winding_rule_is_the_region(region):
    from matplotlib.path import Path

    polygons = outlines(region)
    assert abs(sum(area(polygon) for polygon in polygons)) == pytest.approx(region.sum())
    centres = np.argwhere(np.ones_like(region)) + 0.5
    winding = sum(
        (
            np.sign(area(polygon)) * Path(np.vstack([polygon, polygon[:1]])).contains_points(centres)
            for polygon in polygons
        ),
        np.zeros(len(centres)),
    )
    np.testing.assert_array_equal(np.abs(winding).reshape(region.shape), region.astype(float))


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("nnU-Net v2", ["nnU-Net v2"]),
        ("Inception nnU-Net", ["Inception", "nnU-Net"]),
        ("a\tb\x1b", ["a b"]),
        ("", ["?"]),
        ("one two three four five six", ["one two", "three four…"]),
        ("腹部增强扫描门静脉期张某某", ["腹部增强扫描", "门静脉期张…"]),
    ],
)
def test_a_title_is_broken_and_cut_to_its_panel(title, lines):
    assert panel_title(title, width_in=1.0, font_pt=10, most_lines=2) == lines
