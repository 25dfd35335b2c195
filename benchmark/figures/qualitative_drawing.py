"""Lays a qualitative figure out: a column for the image, the reference and each method, a row for each plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.metrics.foreground import Indices

from .body_planes import View
from .compared_case import ComparedCase, LesionMark, MethodOnCase
from .crops import Box
from .ct_panel import Window, draw_grey, panel_title
from .figure_files import save_figure, say, styled
from .lesion_marks import draw_strip, mark_patch, strip_height_in
from .letters import doubled, undoubled
from .panel_signs import draw_frame, draw_scale, draw_sides, show_box

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
_DPI = 300
_FONT_PT = 6.5
_STYLE: dict[Any, Any] = {
    "font.size": _FONT_PT,
    "axes.linewidth": 0.6,
    "svg.hashsalt": "mswal-bench",
    "svg.fonttype": "path",
}
_LINE_IN = 1.25 * _FONT_PT / 72
_LEFT_IN, _GAP_IN, _EDGE_IN = 0.2, 0.03, 0.04
_BETWEEN_VIEWS_IN = 0.08
_NARROWEST_IN, _WIDEST_IN, _PAGE_IN = 0.7, 1.8, 7.2
_MOST_TITLE_LINES = 3
# Where there is no image: the grey of soft tissue.
_BODY_GREY = "#777777"
_TEXT = "#222222"


@dataclass(frozen=True, eq=False)
class ShownPlane:
    """Is one plane of the case, with the two parts of it that are shown."""

    view: View
    index: int
    """Is the plane's number along the reference file's axis, from 0."""
    places: Indices
    """Are those that `BodyGrid.places` gives."""
    pixel_mm: tuple[float, float]
    """Is the height and the width of a pixel."""
    grey: NDArray[np.float32] | None
    """Has the image's HU (rows, columns); None without an image."""
    whole: Box
    """Holds the body."""
    magnified: Box
    """Holds the lesion."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Holds everything that a figure shows."""

    compared: ComparedCase
    planes: tuple[ShownPlane, ...]
    window: Window


@dataclass(frozen=True, eq=False)
class _Column:
    title: str
    method: MethodOnCase | None
    has_reference: bool
    """Is False for the column that shows the image alone."""


@dataclass(frozen=True, eq=False)
class _Row:
    plane: ShownPlane
    box: Box
    is_magnified: bool


def draw_scene(scene: Scene, out: Path, width_mm: float | None = None) -> None:
    """Writes the figure to `out` in the format of its suffix, `width_mm` wide or wider where the columns need it.

    By default it is as wide as a page set in two columns of text, or narrower where it has few panels and would become
    too high. Raises OSError when the file cannot be written.
    """
    figure = scene_figure(scene, width_mm)
    # Without a date, equal data makes equal files.
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(out.suffix.lower(), {})
    with styled(_STYLE, *_texts(scene)):
        save_figure(figure, out, _DPI, undated)


def scene_figure(scene: Scene, width_mm: float | None = None) -> Figure:
    """Returns the figure itself. The label of each patch on an image says what it marks, as `FP kidney_cyst`."""
    with styled(_STYLE, *_texts(scene)):
        return _laid_out(scene, width_mm)


def _texts(scene: Scene) -> list[str]:
    """Returns what is not of the program itself, and may be of any script."""
    compared = scene.compared
    names = [lesion.name for lesion in compared.protocol.lesion_classes]
    return [compared.case, *(method.title for method in compared.methods), *names]


def _laid_out(scene: Scene, width_mm: float | None) -> Figure:
    from matplotlib.figure import Figure

    columns = _columns(scene)
    rows = [
        _Row(plane, box, box is plane.magnified) for plane in scene.planes for box in (plane.whole, plane.magnified)
    ]
    beside_in = _LEFT_IN + _EDGE_IN + len(columns) * _GAP_IN
    wanted_in = min(_PAGE_IN, beside_in + len(columns) * _WIDEST_IN) if width_mm is None else width_mm / 25.4
    panel_in = max(_NARROWEST_IN, (wanted_in - beside_in) / len(columns))
    width_in = beside_in + len(columns) * panel_in
    titles = [panel_title(column.title, panel_in, _FONT_PT, most_lines=_MOST_TITLE_LINES) for column in columns]
    head_in = max(len(title) for title in titles) * _LINE_IN + 0.1
    row_heights_in = [panel_in * row.box.height / row.box.width for row in rows]
    panels_in = sum(row_heights_in) + len(rows) * _GAP_IN + _BETWEEN_VIEWS_IN
    lines = wrap(doubled(_caption(scene)), int(width_in * 72 / (_FONT_PT * 0.55)))
    caption = [undoubled(line) for line in lines]
    marks = [mark for row in rows for column in columns for mark in _marks(scene, row, column)]
    strip_in = strip_height_in(marks, width_in, _FONT_PT)
    numbers_in = 2 * _LINE_IN + 0.08
    height_in = head_in + panels_in + numbers_in + strip_in + (len(caption) + 0.7) * _LINE_IN

    figure = Figure(figsize=(width_in, height_in), facecolor="white")
    top_in = height_in - head_in
    lefts_in = [_LEFT_IN + place * (panel_in + _GAP_IN) for place in range(len(columns))]
    for left_in, title in zip(lefts_in, titles, strict=True):
        say(
            figure,
            left_in + panel_in / 2,
            top_in + 0.04,
            "\n".join(title),
            ha="center",
            va="bottom",
            weight="bold",
            color=_TEXT,
        )
    for row, row_in in zip(rows, row_heights_in, strict=True):
        if row.plane is not scene.planes[0] and not row.is_magnified:
            top_in -= _BETWEEN_VIEWS_IN
        name = "magnified" if row.is_magnified else row.plane.view.capitalize()
        say(figure, _LEFT_IN * 0.6, top_in - row_in / 2, name, ha="center", va="center", rotation=90, color=_TEXT)
        for left_in, column in zip(lefts_in, columns, strict=True):
            place = (left_in / width_in, (top_in - row_in) / height_in, panel_in / width_in, row_in / height_in)
            axes = figure.add_axes(place)
            _draw_panel(axes, scene, row, column)
            if column is columns[0]:
                if not row.is_magnified:
                    draw_sides(axes, row.plane.view, _FONT_PT - 1)
                draw_scale(axes, row.box, _FONT_PT - 1)
        top_in -= row_in + _GAP_IN
    _write_numbers(figure, columns, lefts_in, panel_in, top_in - 0.03)
    top_in -= numbers_in
    draw_strip(figure, marks, top_in, _FONT_PT)
    say(figure, _EDGE_IN, top_in - strip_in - 0.05, "\n".join(caption), ha="left", va="top", color=_TEXT)
    return figure


def _columns(scene: Scene) -> list[_Column]:
    image = [_Column("Image", None, False)] if scene.planes[0].grey is not None else []
    methods = [_Column(method.title, method, True) for method in scene.compared.methods]
    return [*image, _Column("Reference", None, True), *methods]


def _marks(scene: Scene, row: _Row, column: _Column) -> list[LesionMark]:
    """Returns the marks of a panel in the order of drawing."""
    plane = row.plane
    if column.method is not None:
        marks = scene.compared.method_marks(column.method, plane.places)
    else:
        marks = scene.compared.reference_marks(plane.places) if column.has_reference else []
    # In a whole slice, outlines of the matches would hide small lesions.
    return [
        mark
        for mark in marks
        if (row.is_magnified or mark.kind != "matched reference") and mark.pixels[row.box.pixels(plane.pixel_mm)].any()
    ]


def _draw_panel(axes: Axes, scene: Scene, row: _Row, column: _Column) -> None:
    plane, box = row.plane, row.box
    if plane.grey is not None:
        draw_grey(axes, plane.grey, plane.pixel_mm, scene.window, smooth=row.is_magnified)
    axes.set_facecolor(_BODY_GREY if plane.grey is None else "black")
    for mark in _marks(scene, row, column):
        axes.add_patch(mark_patch(mark, plane.pixel_mm, 1.0 if row.is_magnified else 0.7))
    if not row.is_magnified:
        draw_frame(axes, plane.magnified)
    show_box(axes, box)


def _write_numbers(
    figure: Figure, columns: Sequence[_Column], lefts_in: Sequence[float], panel_in: float, top_in: float
) -> None:
    for left_in, column in zip(lefts_in, columns, strict=True):
        lines = ""
        if column.method is not None:
            dsc = column.method.mean_dsc
            counts = " / ".join(map(str, column.method.counts))
            lines = f"{'undefined' if isnan(dsc) else f'{100 * dsc:.2f}'}\n{counts}"
        if column.method is not None:
            say(figure, left_in + panel_in / 2, top_in, lines, ha="center", va="top", color=_TEXT)
        elif column.has_reference:
            say(figure, left_in + panel_in, top_in, "mean DSC, %\nTP / FP / FN", ha="right", va="top", color="#555555")


def _caption(scene: Scene) -> str:
    compared = scene.compared
    slices = ", ".join(f"{plane.view} slice {plane.index}" for plane in scene.planes)
    window = scene.window
    shown = f"window {window.centre_hu:g} / {window.width_hu:g} HU" if scene.planes[0].grey is not None else "no image"
    nothing = not compared.reference.count and not any(method.components.count for method in compared.methods)
    return (
        f"{compared.case}, {slices} (counted from 0), {shown}. DSC: mean over the classes of the case. TP, FP, FN: "
        f"lesions of the whole scan with a match (IoU of at least {compared.protocol.match_iou}) or without, by the "
        f"protocol {compared.protocol.id}."
        + (" Neither the reference nor a prediction has a lesion." if nothing else "")
    )
