"""The outline of a region of pixels, along the pixels' edges: nothing is smoothed, so that what is drawn is what is.

Corners are (row, column): pixel (r, c) has its corners at r, r + 1 and c, c + 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def outlines(region: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Closed polygons, shape (corners, 2), around a region and, the other way round, around its holes.

    The first corner is not repeated at the end. An empty region has no polygon. Pixels that touch by a corner alone
    are two polygons.
    """
    from skimage.measure import find_contours

    padded = np.pad(region, 1).astype(np.float64)
    return [_corners(contour) for contour in find_contours(padded, 0.5, fully_connected="low")]


def _corners(contour: NDArray[np.float64]) -> NDArray[np.int64]:
    """Where an outline turns.

    scikit-image's contour cuts these corners: it goes from the middle of each edge of a pixel straight to the middle of
    the next. A middle lies halfway between two pixels, in rows or in columns; where the next lies so in the other, the
    corner between the two has the half of each.
    """
    middles = contour[:-1]
    following = np.roll(middles, -1, axis=0)
    is_half = middles % 1 != 0
    turns = is_half[:, 0] != np.roll(is_half[:, 0], -1)
    # Of the padded region pixel 0 is the 1st, and its upper left corner half a pixel before its centre.
    return np.asarray(np.rint(np.where(is_half, middles, following)[turns] - 0.5), np.int64)
