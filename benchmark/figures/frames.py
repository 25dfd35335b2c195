"""Chooses the part of a plane that is shown: the whole body, and a box that is magnified."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

# A box is this much wider than the lesion it is around, and not so narrow that the organ cannot be told.
_ROOM = 2.2
_NARROWEST_MM = 70.0
# What is denser is no air; the table, which is denser too, hardly touches the patient.
_BODY_HU = -300.0
_MARGIN_MM = 8.0
# A scan from head to foot would be a strip.
_TALLEST = 1.35


@dataclass(frozen=True)
class Box:
    """A part of a plane, in mm from the plane's upper left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def pixels(self, pixel_mm: tuple[float, float]) -> tuple[slice, slice]:
        """The rows and columns that it cuts; `pixel_mm` is the height and the width of a pixel."""
        height, width = pixel_mm
        # Less than a thousandth of a pixel is rounding.
        return (
            slice(floor(self.top / height + 1e-3), ceil(self.bottom / height - 1e-3)),
            slice(floor(self.left / width + 1e-3), ceil(self.right / width - 1e-3)),
        )


def zoom_box(lesion: NDArray[np.bool_], pixel_mm: tuple[float, float], side_mm: float | None = None) -> Box:
    """A square around the pixels of a lesion in a plane, where the plane lets it be one; inside the plane always.

    Around the plane's middle, when the plane does not cut the lesion. `side_mm` is its side; by default as wide as the
    lesion takes. `pixel_mm` is the height and the width of a pixel.
    """
    whole = [count * extent for count, extent in zip(lesion.shape, pixel_mm, strict=True)]
    ends = [(extent / 2, extent / 2) for extent in whole]
    if lesion.any():
        ends = _ends(lesion, pixel_mm)
    side = side_mm or max(_NARROWEST_MM, _ROOM * max(end - start for start, end in ends))
    return _within(whole, [(start + end) / 2 for start, end in ends], [side, side])


def whole_box(
    grey: NDArray[np.float32] | None, shown: Box, shape: tuple[int, int], pixel_mm: tuple[float, float]
) -> Box:
    """The body in a plane with what is shown magnified; without an image the plane, (rows, columns) of `shape`.

    A plane that is far higher than wide is cut above and below.
    """
    whole = [count * extent for count, extent in zip(shape, pixel_mm, strict=True)]
    top, bottom, left, right = 0.0, whole[0], 0.0, whole[1]
    body = _largest_part(grey > _BODY_HU) if grey is not None else np.zeros(shape, np.bool_)
    if body.any():
        (top, bottom), (left, right) = _ends(body, pixel_mm)
        top, left = max(0.0, min(top - _MARGIN_MM, shown.top)), max(0.0, min(left - _MARGIN_MM, shown.left))
        bottom = min(whole[0], max(bottom + _MARGIN_MM, shown.bottom))
        right = min(whole[1], max(right + _MARGIN_MM, shown.right))
    height = min(bottom - top, max(_TALLEST * (right - left), shown.height))
    middle = min(max(shown.top + shown.height / 2, top + height / 2), bottom - height / 2)
    return Box(left, middle - height / 2, right - left, height)


def _ends(pixels: NDArray[np.bool_], pixel_mm: tuple[float, float]) -> list[tuple[float, float]]:
    """Where the pixels begin and end, from the upper left corner: first downwards, then to the right."""
    return [
        (float(along.min() * extent), float((along.max() + 1) * extent))
        for along, extent in zip(np.nonzero(pixels), pixel_mm, strict=True)
    ]


def _within(whole: list[float], middle: list[float], wanted: list[float]) -> Box:
    sides = [min(extent, of_whole) for extent, of_whole in zip(wanted, whole, strict=True)]
    top, left = (
        min(max(0.0, centre - side / 2), of_whole - side)
        for centre, side, of_whole in zip(middle, sides, whole, strict=True)
    )
    return Box(left, top, sides[1], sides[0])


def _largest_part(pixels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy.ndimage import label

    parts, count = label(pixels)
    if not count:
        return pixels
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(parts == sizes.argmax())
