"""Lays a qualitative figure out: a column for the image, the reference and each method, a row for each plane."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.whole_files import whole_file
from mswal_bench.metrics.foreground import Indices

from .body_planes import View
from .compared_case import ComparedCase, LesionMark, MethodOnCase
from .crops import Box
from .ct_panel import Window, draw_grey, panel_title
from .lesion_marks import cased, draw_strip, mark_patch, strip_height_in

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
_ON_IMAGE: dict[str, Any] = {"color": "white", "fontsize": _FONT_PT - 1}
_BARS_MM = (200, 100, 50, 20, 10, 5, 2, 1)


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
    with _styled(), whole_file(out) as temporary, warnings.catch_warnings():
        # The figure shows a box for a letter that its font lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(temporary, dpi=_DPI, metadata=undated)


def scene_figure(scene: Scene, width_mm: float | None = None) -> Figure:
    """Returns the figure itself. The label of each patch on an image says what it marks, as `FP kidney_cyst`."""
    with _styled():
        return _laid_out(scene, width_mm)


def _styled() -> AbstractContextManager[None]:
    from matplotlib import style

    # Other code in this process may have changed matplotlib's style, as nnU-Net's trainers do.
    return style.context(["default", _STYLE], after_reset=True)


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
    caption = wrap(_caption(scene), int(width_in * 72 / (_FONT_PT * 0.55)))
    marks = [mark for row in rows for column in columns for mark in _marks(scene, row, column)]
    strip_in = strip_height_in(marks, width_in, _FONT_PT)
    numbers_in = 2 * _LINE_IN + 0.08
    height_in = head_in + panels_in + numbers_in + strip_in + (len(caption) + 0.7) * _LINE_IN

    figure = Figure(figsize=(width_in, height_in), facecolor="white")
    top_in = height_in - head_in
    lefts_in = [_LEFT_IN + place * (panel_in + _GAP_IN) for place in range(len(columns))]
    for left_in, title in zip(lefts_in, titles, strict=True):
        _say(figure, left_in + panel_in / 2, top_in + 0.04, "\n".join(title), ha="center", va="bottom", weight="bold")
    for row, row_in in zip(rows, row_heights_in, strict=True):
        if row.plane is not scene.planes[0] and not row.is_magnified:
            top_in -= _BETWEEN_VIEWS_IN
        name = "magnified" if row.is_magnified else row.plane.view.capitalize()
        _say(figure, _LEFT_IN * 0.6, top_in - row_in / 2, name, ha="center", va="center", rotation=90)
        for left_in, column in zip(lefts_in, columns, strict=True):
            place = (left_in / width_in, (top_in - row_in) / height_in, panel_in / width_in, row_in / height_in)
            axes = figure.add_axes(place)
            _draw_panel(axes, scene, row, column)
            if column is columns[0]:
                _draw_orientation(axes, row)
                _draw_scale(axes, row)
        top_in -= row_in + _GAP_IN
    _write_numbers(figure, columns, lefts_in, panel_in, top_in - 0.03)
    top_in -= numbers_in
    draw_strip(figure, marks, top_in, _FONT_PT)
    _say(figure, _EDGE_IN, top_in - strip_in - 0.05, "\n".join(caption), ha="left", va="top")
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
        _draw_box(axes, plane.magnified)
    axes.set_xlim(box.left, box.right)
    axes.set_ylim(box.bottom, box.top)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_box(axes: Axes, box: Box) -> None:
    from matplotlib.patches import Rectangle

    corner = (box.left, box.top)
    frame: dict[str, Any] = {"fill": False, "edgecolor": "white", "linewidth": 0.5, "path_effects": cased(0.5)}
    axes.add_patch(Rectangle(corner, box.width, box.height, label="magnified", **frame))


def _draw_orientation(axes: Axes, row: _Row) -> None:
    """Writes the patient's right and left, and front or head, at the edges of a whole plane."""
    if row.is_magnified:
        return
    top = "A" if row.plane.view == "axial" else "H"
    for text, place, across, along in (
        ("R", (0.02, 0.5), "left", "center"),
        ("L", (0.98, 0.5), "right", "center"),
        (top, (0.5, 0.98), "center", "top"),
    ):
        axes.text(*place, text, transform=axes.transAxes, ha=across, va=along, **_ON_IMAGE, path_effects=cased(0.3))


def _draw_scale(axes: Axes, row: _Row) -> None:
    """Draws a bar of a round length that is at most two fifths of the panel."""
    box = row.box
    length_mm = next((length for length in _BARS_MM if length <= 0.4 * box.width), _BARS_MM[-1])
    left, bottom = box.left + 0.05 * box.width, box.bottom - 0.06 * box.width
    ends = [left, left + length_mm]
    bar = f"{length_mm} mm"
    axes.plot(
        ends,
        [bottom, bottom],
        color="white",
        lw=1.4,
        solid_capstyle="butt",
        path_effects=cased(1.4),
        label=f"bar {bar}",
    )
    above: dict[str, Any] = {"xytext": (0, 2), "textcoords": "offset points", "va": "bottom"}
    axes.annotate(bar, (left, bottom), **above, **_ON_IMAGE, path_effects=cased(0.3))


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
            _say(figure, left_in + panel_in / 2, top_in, lines, ha="center", va="top")
        elif column.has_reference:
            _say(figure, left_in + panel_in, top_in, "mean DSC, %\nTP / FP / FN", ha="right", va="top", color="#555555")


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


def _say(figure: Figure, x_in: float, y_in: float, text: str, **how: Any) -> None:
    width_in, height_in = figure.get_size_inches()
    # matplotlib would read dollar signs in a name as mathematics.
    figure.text(x_in / width_in, y_in / height_in, text, parse_math=False, **{"color": _TEXT, **how})
