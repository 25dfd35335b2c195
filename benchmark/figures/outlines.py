"""The outline of a region of pixels, along the pixels' edges: nothing is smoothed, so that what is drawn is what is.

Corners are (row, column): pixel (r, c) has its corners at r, r + 1 and c, c + 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Corner = tuple[int, int]


def outlines(region: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Closed polygons, shape (corners, 2), around a region and, the other way round, around its holes.

    The first corner is not repeated at the end. An empty region has no polygon. Pixels that touch by a corner alone
    are two polygons.
    """
    padded = np.pad(region, 1).astype(np.int8)
    edges: dict[Corner, list[Corner]] = {}
    # Walked with the region on the right hand, rows growing downwards: a top edge to the right, a right one down.
    for begins, step, (shift_row, shift_column) in (
        (_between(padded, 0) == 1, (0, 1), (0, 0)),
        (_between(padded, 0) == -1, (0, -1), (0, 1)),
        (_between(padded, 1) == 1, (-1, 0), (1, 0)),
        (_between(padded, 1) == -1, (1, 0), (0, 0)),
    ):
        for row, column in np.argwhere(begins).tolist():
            edges.setdefault((row + shift_row, column + shift_column), []).append(step)
    polygons = []
    while edges:
        polygons.append(np.array(_walked(edges), np.int64))
    return polygons


def _between(padded: NDArray[np.int8], axis: int) -> NDArray[np.int8]:
    """What changes from each pixel to the next, at the edge between them: 1 where the region begins, -1 where it ends.

    Padding along the other axis is taken off: indices are those of the pixels' corners.
    """
    changes = np.diff(padded, axis=axis)
    return changes[:, 1:-1] if axis == 0 else changes[1:-1, :]


def _walked(edges: dict[Corner, list[Corner]]) -> list[Corner]:
    """Takes one closed walk out of the edges; gives the corners where it turns."""
    first = corner = next(iter(edges))
    before = (0, 0)
    corners: list[Corner] = []
    while True:
        steps = edges[corner]
        # At a corner where two pixels meet: to the right, so as to stay with the pixel one is at.
        right = (before[1], -before[0])
        step = right if right in steps else steps[0]
        steps.remove(step)
        if not steps:
            del edges[corner]
        if step != before:
            corners.append(corner)
        before = step
        corner = (corner[0] + step[0], corner[1] + step[1])
        if corner == first and _is_closed(edges, corner, before):
            return corners


def _is_closed(edges: dict[Corner, list[Corner]], corner: Corner, before: Corner) -> bool:
    """Whether a walk that is back where it began ends there: not where it came by the other pixel of the corner."""
    right = (before[1], -before[0])
    return corner not in edges or right not in edges[corner]
