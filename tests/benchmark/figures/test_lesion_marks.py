from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES, LesionClass
from mswal_bench.benchmark.figures.lesion_marks import lesion_patch


@pytest.mark.parametrize("lesion", LESION_CLASSES, ids=lambda lesion: lesion.key)
@pytest.mark.parametrize("background", [0, 90, 255], ids=["air", "tissue", "bone or stone"])
def test_a_lesion_is_seen_on_whatever_it_lies(lesion: LesionClass, background: int) -> None:
    figure = Figure(figsize=(1, 1), dpi=100, facecolor=(background / 255,) * 3)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, 10)
    axes.set_ylim(10, 0)
    pixels = np.zeros((10, 10), bool)
    pixels[3:7, 3:7] = True
    axes.add_patch(lesion_patch(pixels, lesion, (1.0, 1.0), 1.0))
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
    assert (drawn[10, 10] == background).all()
    inside, edge = drawn[50, 50], drawn[30, 40:60].mean(axis=0)
    # All that the image itself has is grey.
    assert np.ptp(inside) > 60
    assert np.abs(edge - background).max() > 50
    # Below a fill the image is still seen, and the colour is the class's.
    own = np.array([int(lesion.colour[place : place + 2], 16) for place in (1, 3, 5)])
    np.testing.assert_allclose(inside, 0.65 * own + 0.35 * background, atol=2)
