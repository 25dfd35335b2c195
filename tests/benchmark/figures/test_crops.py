from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mswal_bench.benchmark.figures.crops import Box, whole_box, zoom_box

SIZES = st.integers(1, 40)
SPACINGS = st.floats(0.3, 7)


@settings(deadline=None)
@given(SIZES, SIZES, SPACINGS, SPACINGS, st.one_of(st.none(), st.floats(5, 500)), st.data())
def test_boxes_lie_inside_the_plane_and_in_each_other(rows, columns, height_mm, width_mm, side_mm, data) -> None:
    lesion = np.zeros((rows, columns), bool)
    if data.draw(st.booleans()):
        lesion[data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))] = True
    body = np.full((rows, columns), -1000, np.float32)
    body[: data.draw(st.integers(0, rows)), : data.draw(st.integers(0, columns))] = 40
    pixel_mm = (height_mm, width_mm)
    zoom = zoom_box(lesion, pixel_mm, side_mm)
    for grey in (None, body):
        whole = whole_box(grey, zoom, (rows, columns), pixel_mm)
        for box in (zoom, whole):
            assert box.left >= 0
            assert box.top >= 0
            assert box.right <= columns * width_mm + 1e-6
            assert box.bottom <= rows * height_mm + 1e-6
            assert box.width > 0
            assert box.height > 0
        assert whole.left <= zoom.left + 1e-6
        assert whole.right >= zoom.right - 1e-6
        assert whole.top <= zoom.top + 1e-6
        assert whole.bottom >= zoom.bottom - 1e-6
    assert lesion[zoom.pixels(pixel_mm)].any() == lesion.any()


def test_the_box_is_square_around_the_lesion() -> None:
    lesion = np.zeros((100, 200), bool)
    lesion[40:50, 100:160] = True
    # 60 pixels of 1 mm across: wider than it takes to be told where one is.
    assert astuple(zoom_box(lesion, (2.0, 1.0))) == pytest.approx((130 - 66, 90 - 66, 132, 132))
    assert zoom_box(lesion, (2.0, 1.0), 30) == Box(115, 75, 30, 30)


def test_air_is_cut_off_and_a_small_thing_beside_the_body_too() -> None:
    grey = np.full((100, 100), -1000, np.float32)
    grey[30:60, 20:80] = 40
    grey[90:93, 10:90] = 100  # the table
    box = whole_box(grey, Box(40, 40, 10, 10), grey.shape, (1.0, 1.0))
    assert box == Box(12, 22, 76, 46)


def test_a_scan_from_head_to_foot_is_cut_around_the_box() -> None:
    box = whole_box(None, Box(20, 800, 50, 50), (1000, 100), (1.0, 1.0))
    assert (box.left, box.width, box.height) == (0, 100, 135)
    assert box.top < 800
    assert box.bottom > 850
