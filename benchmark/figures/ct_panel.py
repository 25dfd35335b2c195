"""Draws what all pictures of cases share: a plane of a CT in grey, outlines of lesions on it, a panel's title.

Outlines follow the edges of the pixels. Nothing is smoothed, so that a picture shows exactly what was labelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .letters import doubled, undoubled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from matplotlib.path import Path as Outline

# The mean width of a letter, as part of the font's size; names in bold capitals are wider.
_LETTER = 0.64


@dataclass(frozen=True)
class Window:
    """Sets which HU are black and white: half a width below and above the centre."""

    centre_hu: float
    width_hu: float

    @property
    def lowest_hu(self) -> float:
        """Returns the HU that is drawn black."""
        return self.centre_hu - self.width_hu / 2

    @property
    def highest_hu(self) -> float:
        """Returns the HU that is drawn white."""
        return self.centre_hu + self.width_hu / 2


ABDOMEN = Window(40, 400)
"""Is the usual window for abdominal soft tissue."""


def draw_grey(
    axes: Axes, grey: NDArray[Any], pixel_mm: tuple[float, float], window: Window = ABDOMEN, smooth: bool = False
) -> AxesImage:
    """Draws a plane of HU (rows, columns); the axes are in mm from its upper left corner, rows downwards.

    `pixel_mm` is the height and the width of a pixel. NaN is black. With `smooth`, a magnified plane is interpolated;
    without, it shows its pixels.
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
    """Returns the exact outline of a region (rows, columns) of a plane in mm, with its holes.

    `pixel_mm` is the height and the width of a pixel. An empty region has an outline without vertices.
    """
    from matplotlib.path import Path as Outline

    polygons = [np.concatenate([corners, corners[:1]]) for corners in outlines(pixels)]
    if not polygons:
        return Outline(np.zeros((0, 2)))
    vertices = np.concatenate(polygons)[:, ::-1] * (pixel_mm[1], pixel_mm[0])
    codes = np.concatenate(
        [[Outline.MOVETO, *[Outline.LINETO] * (len(corners) - 2), Outline.CLOSEPOLY] for corners in polygons]
    )
    return Outline(vertices, codes)


def outlines(region: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Returns closed polygons around a region (rows, columns) and, in the other direction, around its holes.

    A polygon is an array of corners (row, column), shape (n, 2): pixel (r, c) has its corners at r, r + 1 and c, c + 1.
    The first corner is not repeated at the end. An empty region has no polygon. Pixels that touch by a corner alone
    get two polygons.
    """
    from skimage.measure import find_contours

    padded = np.pad(region, 1).astype(np.float64)
    return [_corners(contour) for contour in find_contours(padded, 0.5, fully_connected="low")]


def _corners(contour: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns the corners at which an outline turns.

    The contour of scikit-image cuts these corners: it goes from the middle of each pixel edge straight to the middle of
    the next. A middle has one coordinate at a half, in rows or in columns. Where it is the rows in one and the columns
    in the next, the outline turns between them, and the corner takes the coordinate at a half from each.
    """
    middles = contour[:-1]
    following = np.roll(middles, -1, axis=0)
    is_half = middles % 1 != 0
    turns = is_half[:, 0] != np.roll(is_half[:, 0], -1)
    # Padding moved pixel 0 to 1, and its upper left corner is half a pixel before its centre.
    return np.asarray(np.rint(np.where(is_half, middles, following)[turns] - 0.5), np.int64)


def panel_title(title: str, width_in: float, font_pt: float, *, most_lines: int) -> list[str]:
    """Breaks a panel's title into lines that fit its width in inches; cuts a very long one off with `…`.

    Characters that cannot be printed become spaces, and a title without any other becomes `?`.
    """
    printable = doubled("".join(letter if letter.isprintable() else " " for letter in title))
    letters = max(4, int(width_in * 72 / (font_pt * _LETTER)))
    has_long_words = any(len(word) > letters for word in printable.split())
    lines = wrap(printable, letters, break_on_hyphens=has_long_words) or ["?"]
    if len(lines) > most_lines:
        lines = [*lines[: most_lines - 1], lines[most_lines - 1][: letters - 1].rstrip() + "…"]
    return [undoubled(line) for line in lines]
