"""Draws what was found in one scan: its largest lesions, each in an axial slice and magnified, and a table of all.

The picture is dark, as a radiologist's screen is. Lesions are outlined along the edges of their voxels and not filled,
so that the tissue below is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.data.lesion_classes import LesionClass
from mswal_bench.metrics.foreground import Indices

from .crops import Box
from .ct_panel import ABDOMEN, draw_grey, panel_title
from .figure_files import save_figure, say, styled
from .lesion_marks import lesion_patch
from .letters import doubled, undoubled
from .panel_signs import draw_frame, draw_scale, draw_sides, show_box

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 170
_FONT_PT, _NAME_PT, _SIGN_PT = 9.0, 12.0, 8.0
_STYLE: dict[Any, Any] = {"font.size": _FONT_PT}
# The mean width of a letter in running text, as part of the font's size.
_LETTER = 0.53
# Capitals in bold are wider than titles are taken to be.
_BOLD = 0.8
_TEXT, _QUIET, _WARNING = "#f2f2f2", "#a8a8a8", "#ffcc66"
_EDGE_IN, _GAP_IN = 0.15, 0.08
_LINE_IN = 1.45 * _FONT_PT / 72
_SWATCH_IN = 0.11
# Of a panel, by the number of lesions that are shown; each takes two panels.
_PANEL_IN = {0: 5.6, 1: 3.9, 2: 3.4}
_PANEL_OF_MORE_IN = 2.9
_OUTLINE_PT, _OTHERS_PT = 1.5, 0.8
# The table's right-hand edges: lesions, volume, longest diameter; names stand on its left.
_TABLE_IN = (2.75, 3.85, 5.25)
_NAME_IN = 2.05
_ML = 1000
"""Of a millilitre, in mm3."""


@dataclass(frozen=True, eq=False)
class AxialSlice:
    """Is an axial slice of the scan, the patient's right on the left and the front on top."""

    number: int
    """Counts from 0 along the file's axis."""
    z_mm: float
    """Is the height of its middle in the patient: LPS, towards the head."""
    pixel_mm: tuple[float, float]
    """Is the height and the width of a pixel."""
    grey: NDArray[np.float32]
    """Has the HU (rows, columns)."""
    class_ids: Indices
    """Has what was predicted (rows, columns), 0 for background."""
    whole: Box
    """Holds the body."""


@dataclass(frozen=True, eq=False)
class ShownLesion:
    """Is one lesion in the slice in which it is largest."""

    lesion: LesionClass
    number: int
    """Of its type in the scan, from 1, as in the table of lesions."""
    volume_mm3: float
    diameter_mm: float
    """Is the longest axial."""
    where: AxialSlice
    pixels: NDArray[np.bool_]
    """Are the lesion's in the slice."""
    magnified: Box


@dataclass(frozen=True)
class FoundType:
    """Sums up the lesions of one type in the whole scan."""

    lesion: LesionClass
    count: int
    volume_mm3: float
    longest_mm: float


@dataclass(frozen=True, eq=False)
class Findings:
    """Holds everything that the picture of a scan shows."""

    case: str
    model: str
    """Says what predicted, in a sentence's part."""
    notice: str
    """Says what the picture may be used for."""
    slices: int
    """Counts the scan's axial slices."""
    shown: tuple[ShownLesion, ...]
    middle: AxialSlice | None
    """Is shown where nothing was found."""
    types: tuple[FoundType, ...]
    """Are those that were found."""

    @property
    def count(self) -> int:
        """Returns the number of lesions in the scan."""
        return sum(each.count for each in self.types)


def draw_findings(findings: Findings, out: Path, metadata: Mapping[str, str]) -> None:
    """Writes the picture as a PNG, with texts of its own in the file. Raises OSError when it cannot be written."""
    with styled(_STYLE, *_texts(findings)):
        save_figure(_laid_out(findings), out, _DPI, metadata)


def findings_figure(findings: Findings) -> Figure:
    """Returns the figure itself. The label of each patch on an image is the key of its lesion type."""
    with styled(_STYLE, *_texts(findings)):
        return _laid_out(findings)


def millilitres(volume_mm3: float) -> str:
    """Returns the volume with its unit; a stone of a few voxels is not 0.00 ml.

    >>> millilitres(12_345.6), millilitres(4.0)
    ('12.35 ml', '< 0.01 ml')
    """
    return f"{volume_mm3 / _ML:.2f} ml" if volume_mm3 >= 0.005 * _ML else "< 0.01 ml"


def _texts(findings: Findings) -> list[str]:
    return [findings.case, findings.model, findings.notice, *(each.lesion.name for each in findings.types)]


def _laid_out(findings: Findings) -> Figure:
    from matplotlib.figure import Figure

    shown = findings.shown
    panel_in = _PANEL_IN.get(len(shown), _PANEL_OF_MORE_IN)
    # A single lesion has its two panels side by side, several have theirs above each other.
    columns = 2 if len(shown) == 1 else max(1, len(shown))
    width_in = 2 * _EDGE_IN + columns * panel_in + (columns - 1) * _GAP_IN
    inner_in = width_in - 2 * _EDGE_IN
    name = panel_title(findings.case, inner_in * _BOLD, _NAME_PT, most_lines=3)
    head = _wrapped(_head(findings), inner_in)
    foot = _wrapped(_foot(findings), inner_in)
    notice = _wrapped(findings.notice, inner_in)
    head_in = len(name) * 1.3 * _NAME_PT / 72 + (len(head) + 1.1) * _LINE_IN
    rows = _row_heights(findings, panel_in)
    captions_in = 3 * _LINE_IN + 0.06 if shown else 0.0
    panels_in = captions_in + sum(rows) + (len(rows) - 1) * _GAP_IN
    table_in = (len(findings.types) + 1.8) * _LINE_IN if findings.types else 0.5 * _LINE_IN
    height_in = head_in + panels_in + table_in + (len(foot) + len(notice) + 0.5) * _LINE_IN + _EDGE_IN

    figure = Figure(figsize=(width_in, height_in), facecolor="black")
    top_in = height_in - 0.1
    say(figure, _EDGE_IN, top_in, "\n".join(name), va="top", color=_TEXT, fontsize=_NAME_PT, weight="bold")
    top_in -= len(name) * 1.3 * _NAME_PT / 72 + 0.03
    say(figure, _EDGE_IN, top_in, "\n".join(head), va="top", color=_QUIET, linespacing=1.3)
    top_in = height_in - head_in
    for place, (axes_in, row) in enumerate(_places(len(shown), panel_in, rows)):
        left_in, below_in = _EDGE_IN + axes_in, top_in - captions_in - sum(rows[: row + 1]) - row * _GAP_IN
        axes = figure.add_axes(
            (left_in / width_in, below_in / height_in, panel_in / width_in, rows[row] / height_in), facecolor="black"
        )
        if not shown:
            assert findings.middle is not None
            _draw_panel(axes, findings.middle, findings.middle.whole, findings.types)
            continue
        lesion, is_magnified = shown[place // 2], place % 2 == 1
        box = lesion.magnified if is_magnified else lesion.where.whole
        _draw_panel(axes, lesion.where, box, findings.types, lesion)
        if not is_magnified:
            _write_caption(figure, lesion, findings.slices, left_in, top_in, panel_in)
    top_in -= panels_in + 0.6 * _LINE_IN
    if findings.types:
        _write_table(figure, findings.types, top_in)
        top_in -= (len(findings.types) + 1.2) * _LINE_IN
    say(figure, _EDGE_IN, top_in, "\n".join(foot), va="top", color=_QUIET, linespacing=1.3)
    say(figure, _EDGE_IN, _EDGE_IN / 2, "\n".join(notice), va="bottom", color=_WARNING, linespacing=1.3)
    return figure


def _places(count: int, panel_in: float, rows: Sequence[float]) -> Iterator[tuple[float, int]]:
    """Yields for every panel how far from the left it stands, and in which row: a lesion's whole slice first."""
    step_in = panel_in + _GAP_IN
    if count < 2:
        yield from ((column * step_in, 0) for column in range(count + 1))
        return
    yield from ((column * step_in, row) for column in range(count) for row in range(len(rows)))


def _row_heights(findings: Findings, panel_in: float) -> list[float]:
    """Returns the heights of the rows: of whole slices and, for several lesions, of what is magnified."""
    boxes = [findings.middle.whole] if findings.middle is not None else []
    whole = [*boxes, *(each.where.whole for each in findings.shown)]
    magnified = [each.magnified for each in findings.shown]
    rows = [whole, magnified] if len(magnified) > 1 else [[*whole, *magnified]]
    return [panel_in * max(box.height / box.width for box in row) for row in rows]


def _draw_panel(
    axes: Axes, where: AxialSlice, box: Box, types: Sequence[FoundType], target: ShownLesion | None = None
) -> None:
    is_magnified = target is not None and box is target.magnified
    draw_grey(axes, where.grey, where.pixel_mm, ABDOMEN, smooth=is_magnified)
    others = where.class_ids if target is None else np.where(target.pixels, 0, where.class_ids)
    for each in types:
        pixels = others == each.lesion.id
        if pixels.any():
            key = each.lesion.key
            axes.add_patch(lesion_patch(pixels, each.lesion, where.pixel_mm, _OTHERS_PT, key, filled=False))
    if target is not None:
        key = f"shown {target.lesion.key}"
        axes.add_patch(lesion_patch(target.pixels, target.lesion, where.pixel_mm, _OUTLINE_PT, key, filled=False))
    if not is_magnified:
        draw_sides(axes, "axial", _SIGN_PT)
    if target is not None and not is_magnified:
        draw_frame(axes, target.magnified)
    draw_scale(axes, box, _SIGN_PT)
    show_box(axes, box)


def _write_caption(
    figure: Figure, shown: ShownLesion, slices: int, left_in: float, top_in: float, panel_in: float
) -> None:
    """Writes what a lesion is, above its slice."""
    _draw_swatch(figure, shown.lesion, left_in, top_in)
    after_in = left_in + _SWATCH_IN + 0.07
    # Cut to the panel, with room for the number.
    (name,) = panel_title(shown.lesion.name, panel_in - 0.6, _FONT_PT, most_lines=1)
    say(figure, after_in, top_in, f"{name} {shown.number}", va="top", color=_TEXT, weight="bold")
    size = f"{millilitres(shown.volume_mm3)}, {shown.diameter_mm:.1f} mm"
    say(figure, left_in, top_in - _LINE_IN, size, va="top", color=_TEXT)
    say(figure, left_in, top_in - 2 * _LINE_IN, _place(shown.where, slices), va="top", color=_QUIET)


def _write_table(figure: Figure, types: Sequence[FoundType], top_in: float) -> None:
    right: dict[str, Any] = {"va": "top", "ha": "right"}
    heads = ("Lesions", "Volume", "Longest axial")
    say(figure, _EDGE_IN, top_in, "In the whole scan", va="top", color=_QUIET)
    for edge_in, head in zip(_TABLE_IN, heads, strict=True):
        say(figure, _EDGE_IN + edge_in, top_in, head, color=_QUIET, **right)
    for each in types:
        top_in -= _LINE_IN
        _draw_swatch(figure, each.lesion, _EDGE_IN, top_in)
        (name,) = panel_title(each.lesion.name, _NAME_IN, _FONT_PT, most_lines=1)
        say(figure, _EDGE_IN + _SWATCH_IN + 0.07, top_in, name, va="top", color=_TEXT)
        for edge_in, text in zip(
            _TABLE_IN, (str(each.count), millilitres(each.volume_mm3), f"{each.longest_mm:.1f} mm"), strict=True
        ):
            say(figure, _EDGE_IN + edge_in, top_in, text, color=_TEXT, **right)


def _draw_swatch(figure: Figure, lesion: LesionClass, left_in: float, top_in: float) -> None:
    from matplotlib.patches import Rectangle

    width_in, height_in = figure.get_size_inches()
    below_in = top_in - _SWATCH_IN - 0.015
    figure.add_artist(
        Rectangle(
            (left_in / width_in, below_in / height_in),
            _SWATCH_IN / width_in,
            _SWATCH_IN / height_in,
            facecolor=lesion.colour,
            edgecolor="none",
        )
    )


def _place(where: AxialSlice, slices: int) -> str:
    # Not broken before the unit.
    return f"slice {where.number} of {slices}, z {where.z_mm:.1f}\N{NO-BREAK SPACE}mm"


def _head(findings: Findings) -> str:
    window = f"Window {ABDOMEN.centre_hu:g} / {ABDOMEN.width_hu:g} HU."
    if findings.middle is not None:
        found = f"No lesion was found. Shown is the middle of the scan, {_place(findings.middle, findings.slices)}."
        return f"{found} {window}"
    count, shown, types = findings.count, len(findings.shown), len(findings.types)
    found = "One lesion was found." if count == 1 else f"{count} lesions were found."
    if shown < count:
        found += f" Shown is the largest of {'each type' if types <= shown else f'{shown} of the {types} types'}"
        found += ", then the largest of the others." if types < shown else "."
    return f"{found} {window}"


def _foot(findings: Findings) -> str:
    numbers = (
        f"Slices are counted from 0, along the file's axis, and z is towards the head. Predicted by {findings.model}."
    )
    return f"Given are a lesion's volume and its longest axial diameter. {numbers}" if findings.shown else numbers


def _wrapped(text: str, width_in: float) -> list[str]:
    letters = int(width_in * 72 / (_FONT_PT * _LETTER))
    return [undoubled(line) for line in wrap(doubled(text), letters)]
