"""Marks lesions on a plane of the image, and draws the legend that explains the marks.

Lesions are filled and outlined in their class's colour, with black around the outline, so that they are seen on bone as
well as on air. White lines belong to the reference and yellow ones to the prediction. FP and FN differ by the kind of
line too, for print without colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.data.lesion_classes import LesionClass

from .compared_case import LesionMark, MarkKind
from .ct_panel import outline_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch, PathPatch
    from matplotlib.patheffects import AbstractPathEffect

# The opacity of a filled lesion: the CT shows through.
_FILL = 0.65
_REFERENCE, _PREDICTION = "#ffffff", "#ffdd00"
# Each kind of mark has a colour, a line and its width in pt.
_LINES: dict[MarkKind, tuple[str, Literal["solid"] | tuple[float, tuple[float, ...]], float]] = {
    "FP": (_PREDICTION, "solid", 0.9),
    "FN": (_REFERENCE, (0, (2.2, 1.3)), 0.9),
    "matched reference": (_REFERENCE, "solid", 0.5),
}
_SAID: dict[MarkKind, str] = {
    "FP": "false positive",
    "FN": "false negative",
    "matched reference": "reference's outline of a match",
}
# The legend's ground is dark, as the images are: white must be seen on it.
_STRIP = "#3c3c3c"
_ROW_LINES = 1.9
_HANDLE, _BETWEEN = 2.4, 1.5
# The mean width of a letter, as part of the font's size.
_LETTER = 0.6


def mark_patch(mark: LesionMark, pixel_mm: tuple[float, float], scale: float = 1.0) -> PathPatch:
    """Returns the patch of a mark in mm; `pixel_mm` is the height and the width of a pixel.

    The patch's label says what it marks, as `FP kidney_cyst`. `scale` multiplies the width of its lines.
    """
    from matplotlib.patches import PathPatch

    label = f"{mark.kind} {mark.lesion.key}"
    if mark.kind not in _LINES:
        return lesion_patch(mark.pixels, mark.lesion, pixel_mm, 0.5 * scale, label)
    path = outline_path(mark.pixels, pixel_mm)
    colour, line, width = _LINES[mark.kind]
    return PathPatch(
        path,
        facecolor="none",
        edgecolor=colour,
        linestyle=line,
        linewidth=width * scale,
        capstyle="butt",
        path_effects=cased(width * scale),
        label=label,
    )


def lesion_patch(
    pixels: NDArray[np.bool_],
    lesion: LesionClass,
    pixel_mm: tuple[float, float],
    width: float,
    label: str = "",
    *,
    filled: bool = True,
) -> PathPatch:
    """Returns the patch, in mm, of the pixels (rows, columns) that a lesion type has in a plane; lines are `width` pt.

    `pixel_mm` is the height and the width of a pixel. It is the outline alone where it is not `filled`.
    """
    from matplotlib.colors import to_rgba
    from matplotlib.patches import PathPatch

    path = outline_path(pixels, pixel_mm)
    return PathPatch(
        path,
        facecolor=to_rgba(lesion.colour, _FILL) if filled else "none",
        edgecolor=lesion.colour,
        linewidth=width,
        joinstyle="miter",
        path_effects=_lifted(width),
        label=label,
    )


def class_handle(lesion: LesionClass) -> Patch:
    """Returns a lesion type's entry for a legend, in its full colour, for no image lies below it."""
    from matplotlib.patches import Patch

    return Patch(color=lesion.colour, label=lesion.name)


def _lifted(width: float) -> list[AbstractPathEffect]:
    """Puts black around the outline but not under the fill, which it would darken."""
    from matplotlib.patheffects import Normal, PathPatchEffect

    return [PathPatchEffect(linewidth=width + 0.6, edgecolor="black", facecolor="none"), Normal()]


def cased(width: float) -> list[AbstractPathEffect]:
    """Puts black around lines or letters of `width` pt, so that they are seen on light and on dark ground."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width + 0.6, foreground="black")]


def strip_height_in(marks: Sequence[LesionMark], width_in: float, font_pt: float) -> float:
    """Returns the height in inches of the legend that explains the marks; 0 without marks."""
    rows = sum(ceil(len(handles) / columns) for handles, columns in _groups(marks, width_in, font_pt))
    return (rows * _ROW_LINES + 0.3) * font_pt / 72 if rows else 0.0


def draw_strip(figure: Figure, marks: Sequence[LesionMark], top_in: float, font_pt: float) -> None:
    """Draws the legend across the figure, from `top_in` inches downwards: first the classes, then the kinds of line."""
    from matplotlib.patches import Rectangle

    width_in, height_in = figure.get_size_inches()
    strip_in = strip_height_in(marks, width_in, font_pt)
    if not strip_in:
        return
    place = (0.04 / width_in, (top_in - strip_in) / height_in)
    figure.add_artist(
        Rectangle(place, 1 - 0.08 / width_in, strip_in / height_in, facecolor=_STRIP, edgecolor="none", zorder=0)
    )
    top_in -= 0.15 * font_pt / 72
    for handles, columns in _groups(marks, width_in, font_pt):
        figure.legend(
            handles=handles,
            loc="upper center",
            bbox_to_anchor=(0.5, top_in / height_in),
            ncols=columns,
            frameon=False,
            labelcolor="white",
            fontsize=font_pt,
            borderaxespad=0,
            borderpad=0.4,
            labelspacing=0.5,
            columnspacing=_BETWEEN,
            handlelength=_HANDLE,
        )
        top_in -= ceil(len(handles) / columns) * _ROW_LINES * font_pt / 72


def _groups(marks: Sequence[LesionMark], width_in: float, font_pt: float) -> list[tuple[list[Any], int]]:
    """Returns the legend's entries for the classes and for the lines, each group with how many fit side by side."""
    from matplotlib.lines import Line2D

    classes = {mark.lesion.id: mark.lesion for mark in marks}
    patches: list[Any] = [class_handle(classes[class_id]) for class_id in sorted(classes)]
    kinds = {mark.kind for mark in marks}
    lines: list[Any] = [
        Line2D([], [], color=colour, linestyle=line, linewidth=width, path_effects=cased(width), label=_SAID[kind])
        for kind, (colour, line, width) in _LINES.items()
        if kind in kinds
    ]
    return [(handles, _side_by_side(handles, width_in, font_pt)) for handles in (patches, lines) if handles]


def _side_by_side(handles: Sequence[Any], width_in: float, font_pt: float) -> int:
    longest = max(len(handle.get_label()) for handle in handles)
    entry_in = (longest * _LETTER + _HANDLE + 0.8 + _BETWEEN) * font_pt / 72
    return min(len(handles), max(1, int(width_in / entry_in)))
