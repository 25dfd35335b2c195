"""Draws what tells the place on a panel: the patient's sides, a scale, and a frame around what is magnified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .body_planes import View
from .crops import Box
from .lesion_marks import cased

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BARS_MM = (200, 100, 50, 20, 10, 5, 2, 1)


def show_box(axes: Axes, box: Box) -> None:
    """Shows the part of the plane, with pixels of their true shape and without ticks."""
    axes.set_xlim(box.left, box.right)
    axes.set_ylim(box.bottom, box.top)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def draw_frame(axes: Axes, box: Box) -> None:
    """Draws a frame around the part of the plane that another panel magnifies."""
    from matplotlib.patches import Rectangle

    corner = (box.left, box.top)
    frame: dict[str, Any] = {"fill": False, "edgecolor": "white", "linewidth": 0.5, "path_effects": cased(0.5)}
    axes.add_patch(Rectangle(corner, box.width, box.height, label="magnified", **frame))


def draw_sides(axes: Axes, view: View, font_pt: float) -> None:
    """Writes the patient's right and left, and front or head, at the edges of a whole plane."""
    top = "A" if view == "axial" else "H"
    for text, place, across, along in (
        ("R", (0.02, 0.5), "left", "center"),
        ("L", (0.98, 0.5), "right", "center"),
        (top, (0.5, 0.98), "center", "top"),
    ):
        axes.text(*place, text, transform=axes.transAxes, ha=across, va=along, **_on_image(font_pt))


def draw_scale(axes: Axes, box: Box, font_pt: float) -> None:
    """Draws a bar of a round length that is at most two fifths of the panel, which shows `box`."""
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
    axes.annotate(bar, (left, bottom), **above, **_on_image(font_pt))


def _on_image(font_pt: float) -> dict[str, Any]:
    return {"color": "white", "fontsize": font_pt, "path_effects": cased(0.3)}
