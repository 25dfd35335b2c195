"""Draws regions of a plane over the image, and the legend that explains them.

Lesions are filled with their class's colour and outlined in it, cased in black: seen on stone and bone as on fat and
air. White lines are the reference's and yellow ones the prediction's; FP and FN differ by their lines as well, for
print without colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.data.lesion_classes import LesionClass

from .compared_case import Kind, Region
from .ct_panel import outline_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch, PathPatch
    from matplotlib.patheffects import AbstractPathEffect

# So that what the CT shows below is seen.
_FILL = 0.65
_REFERENCE, _PREDICTION = "#ffffff", "#ffdd00"
# Colour, line, width in pt.
_LINES: dict[Kind, tuple[str, Literal["solid"] | tuple[float, tuple[float, ...]], float]] = {
    "FP": (_PREDICTION, "solid", 0.9),
    "FN": (_REFERENCE, (0, (2.2, 1.3)), 0.9),
    "matched reference": (_REFERENCE, "solid", 0.5),
}
_SAID: dict[Kind, str] = {
    "FP": "false positive",
    "FN": "false negative",
    "matched reference": "reference's outline of a match",
}
# Dark, as the images are: white must be seen on it.
_STRIP = "#3c3c3c"
_ROW_LINES = 1.9
_HANDLE, _BETWEEN = 2.4, 1.5
# The mean width of a letter, as part of the font's size.
_LETTER = 0.6


def region_patch(region: Region, pixel_mm: tuple[float, float], scale: float = 1.0) -> PathPatch:
    """A region of a plane, in mm. Its label says what it is: `FP kidney_cyst`. `scale` is that of the lines."""
    from matplotlib.patches import PathPatch

    label = f"{region.kind} {region.lesion.key}"
    if region.kind not in _LINES:
        return lesion_patch(region.pixels, region.lesion, pixel_mm, 0.5 * scale, label)
    path = outline_path(region.pixels, pixel_mm)
    colour, line, width = _LINES[region.kind]
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
    pixels: NDArray[np.bool_], lesion: LesionClass, pixel_mm: tuple[float, float], width: float, label: str = ""
) -> PathPatch:
    """The pixels of a lesion type in a plane, in mm, with lines `width` pt wide."""
    from matplotlib.colors import to_rgba
    from matplotlib.patches import PathPatch

    path = outline_path(pixels, pixel_mm)
    return PathPatch(
        path,
        facecolor=to_rgba(lesion.colour, _FILL),
        edgecolor=lesion.colour,
        linewidth=width,
        joinstyle="miter",
        path_effects=_lifted(width),
        label=label,
    )


def class_handle(lesion: LesionClass) -> Patch:
    """The lesion type in a legend: in its own colour, for there is no image below."""
    from matplotlib.patches import Patch

    return Patch(color=lesion.colour, label=lesion.name)


def _lifted(width: float) -> list[AbstractPathEffect]:
    """Black around the outline, and none of it under the fill, which it would darken."""
    from matplotlib.patheffects import Normal, PathPatchEffect

    return [PathPatchEffect(linewidth=width + 0.6, edgecolor="black", facecolor="none"), Normal()]


def cased(width: float) -> list[AbstractPathEffect]:
    """Black around lines and letters, `width` of them in pt, so that they are seen on light and dark."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width + 0.6, foreground="black")]


def strip_height_in(regions: Sequence[Region], width_in: float, font_pt: float) -> float:
    """The height of the legend of what is shown, in inches; 0 when nothing is."""
    rows = sum(ceil(len(handles) / columns) for handles, columns in _groups(regions, width_in, font_pt))
    return (rows * _ROW_LINES + 0.3) * font_pt / 72 if rows else 0.0


def draw_strip(figure: Figure, regions: Sequence[Region], top_in: float, font_pt: float) -> None:
    """Draws the legend across the figure: the classes that are shown, then the lines."""
    from matplotlib.patches import Rectangle

    width_in, height_in = figure.get_size_inches()
    strip_in = strip_height_in(regions, width_in, font_pt)
    if not strip_in:
        return
    place = (0.04 / width_in, (top_in - strip_in) / height_in)
    figure.add_artist(
        Rectangle(place, 1 - 0.08 / width_in, strip_in / height_in, facecolor=_STRIP, edgecolor="none", zorder=0)
    )
    top_in -= 0.15 * font_pt / 72
    for handles, columns in _groups(regions, width_in, font_pt):
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


def _groups(regions: Sequence[Region], width_in: float, font_pt: float) -> list[tuple[list[Any], int]]:
    """Handles of the classes and of the lines that are shown, each with how many fit side by side."""
    from matplotlib.lines import Line2D

    classes = {region.lesion.id: region.lesion for region in regions}
    patches: list[Any] = [class_handle(classes[class_id]) for class_id in sorted(classes)]
    kinds = {region.kind for region in regions}
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
