"""A plane of a CT in grey, and the colours that lie over it: what all pictures of cases share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .outlines import outlines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from matplotlib.path import Path as Outline


@dataclass(frozen=True)
class Window:
    """The grey values: black and white are half a width below and above the centre."""

    centre_hu: float
    width_hu: float

    @property
    def lowest_hu(self) -> float:
        return self.centre_hu - self.width_hu / 2

    @property
    def highest_hu(self) -> float:
        return self.centre_hu + self.width_hu / 2


ABDOMEN = Window(40, 400)
"""The abdominal soft-tissue window."""


def draw_grey(
    axes: Axes, grey: NDArray[Any], pixel_mm: tuple[float, float], window: Window = ABDOMEN, smooth: bool = False
) -> AxesImage:
    """Draws a plane (rows, columns) in mm from its upper left corner, rows downwards. NaN is black.

    `pixel_mm` is the height and the width of a pixel. What is magnified is shown in its pixels, or made `smooth`.
    """
    rows, columns = grey.shape
    return axes.imshow(
        np.nan_to_num(grey, nan=window.lowest_hu),
        cmap="gray",
        vmin=window.lowest_hu,
        vmax=window.highest_hu,
        extent=(0, columns * pixel_mm[1], rows * pixel_mm[0], 0),
        interpolation="bicubic" if smooth else "antialiased",
    )


def outline_path(pixels: NDArray[np.bool_], pixel_mm: tuple[float, float]) -> Outline:
    """The exact outline of a region of a plane, holes left out, in the same mm. No vertex for an empty region."""
    from matplotlib.path import Path as Outline

    polygons = [np.concatenate([corners, corners[:1]]) for corners in outlines(pixels)]
    if not polygons:
        return Outline(np.zeros((0, 2)))
    vertices = np.concatenate(polygons)[:, ::-1] * (pixel_mm[1], pixel_mm[0])
    codes = np.concatenate(
        [[Outline.MOVETO, *[Outline.LINETO] * (len(corners) - 2), Outline.CLOSEPOLY] for corners in polygons]
    )
    return Outline(vertices, codes)
