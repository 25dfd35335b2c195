"""Chooses the parts of a plane that a figure shows: the whole body, and a box around a lesion that is magnified."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

# A box is this many times as wide as its lesion, and wide enough to recognise the organ.
_ROOM = 2.2
_NARROWEST_MM = 70.0
# Denser voxels are not air. The table is denser too, but hardly touches the patient.
_BODY_HU = -300.0
_MARGIN_MM = 8.0
# The height of a plane is at most this many times its width; a scan from head to foot would be a strip.
_TALLEST = 1.35


@dataclass(frozen=True)
class Box:
    """Is a part of a plane, in mm from the plane's upper left corner."""

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
        """Returns the rows and columns that the box cuts; `pixel_mm` is the height and the width of a pixel."""
        height, width = pixel_mm
        # Less than a thousandth of a pixel is a rounding error.
        return (
            slice(floor(self.top / height + 1e-3), ceil(self.bottom / height - 1e-3)),
            slice(floor(self.left / width + 1e-3), ceil(self.right / width - 1e-3)),
        )


def zoom_box(lesion: NDArray[np.bool_], pixel_mm: tuple[float, float], side_mm: float | None = None) -> Box:
    """Returns a square around the pixels of a lesion in a plane, or around the plane's middle where there are none.

    `lesion` has the shape (rows, columns); `pixel_mm` is the height and the width of a pixel. The square's side is
    `side_mm`, or by default some twice the lesion's. It is moved into the plane, and cut where the plane is smaller.
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
    """Returns the box of the body in a plane, which includes the magnified box `shown`; without an image, all of it.

    `grey` has HU and, like the plane, `shape` (rows, columns); `pixel_mm` is the height and the width of a pixel. A
    box that would be far higher than wide is cut above and below.
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
    """Returns where the pixels begin and end, in mm from the upper left corner: downwards, then to the right."""
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
