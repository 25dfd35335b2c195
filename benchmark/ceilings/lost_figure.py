"""Draws the lesions that are lost by their diameter, a panel for each grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.figures.figure_files import save_figure, styled

from .ceilings import Ceilings
from .ceilings_text import methods_by_grid
from .lost_lesions import Fate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EDGES_MM: Final = (0.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, np.inf)
"""Of the bins of diameter; from 20 mm on a lesion is large (WHO)."""
_COLOURS: Mapping[Fate, str] = {"never seen": "#7a1f3d", "gone": "#d1495b", "too little": "#edae49"}
_PANEL_IN, _HEIGHT_IN, _PNG_DPI = 3.3, 2.7, 200
_STYLE: dict[Any, Any] = {
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "mswal-bench",
}


def lost_by_diameter(ceilings: Ceilings, method: str) -> tuple[NDArray[np.int64], dict[Fate, NDArray[np.int64]]]:
    """How many reference lesions are in each bin of `EDGES_MM`, and how many of them are lost, by fate."""
    every = [
        lesion.diameter_mm
        for case in ceilings.scores[method].case_scores
        for lesion in case.lesions
        if lesion.side == "reference"
    ]
    lost: dict[Fate, NDArray[np.int64]] = {
        fate: _binned([one.diameter_mm for one in ceilings.lost[method] if one.fate == fate]) for fate in _COLOURS
    }
    return _binned(every), lost


def draw_lost_lesions(ceilings: Ceilings, paths: Sequence[Path]) -> None:
    """Draws the panels on white and writes them to each of `paths`, in the format of its suffix. Raises OSError."""
    from matplotlib.figure import Figure

    grids = methods_by_grid(ceilings)
    names = [", ".join(methods) for methods in grids.values()]
    with styled(_STYLE, *names):
        figure = Figure(figsize=(_PANEL_IN * len(grids) + 0.4, _HEIGHT_IN), facecolor="white", layout="constrained")
        (panels,) = figure.subplots(1, len(grids), sharey=True, squeeze=False)
        for axes, (grid, methods) in zip(panels, grids.items(), strict=True):
            _draw(axes, *lost_by_diameter(ceilings, methods[0]))
            shown = methods if len(methods) <= 2 else [methods[0], f"{len(methods) - 1} more"]
            x, y, z = (grid.spacing_mm[grid.axes.index(axis)] for axis in (2, 1, 0))
            axes.set_title(f"{' and '.join(shown)}\n{x:.3g} x {y:.3g} x {z:.3g} mm", parse_math=False)
        panels[0].set_ylabel("share of the lesions that are lost")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
        for path in paths:
            # Without a date, equal data makes equal files.
            save_figure(figure, path, _PNG_DPI, {"Date": None} if path.suffix == ".svg" else {})


def _draw(axes: Axes, every: NDArray[np.int64], lost: Mapping[Fate, NDArray[np.int64]]) -> None:
    places = np.arange(len(every))
    height = np.zeros(len(every))
    for fate, counts in lost.items():
        share = counts / np.maximum(every, 1)
        axes.bar(places, share, bottom=height, width=0.75, color=_COLOURS[fate], label=fate)
        height += share
    of_all = sum(lost.values(), np.zeros(len(every), np.int64))
    for place, top, count, total in zip(places, height, of_all, every, strict=True):
        text = f"{count}/{total}" if total else "none"
        axes.annotate(text, (place, top), (0, 2), textcoords="offset points", ha="center", fontsize=6)
    axes.set_xticks(places, _bin_names())
    axes.set_xlabel("longest axial diameter, mm")
    axes.set_ylim(0, 1.08)
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")


def _binned(diameters_mm: Sequence[float]) -> NDArray[np.int64]:
    which = np.searchsorted(EDGES_MM, diameters_mm, side="right") - 1
    return np.bincount(which, minlength=len(EDGES_MM) - 1).astype(np.int64)


def _bin_names() -> list[str]:
    last = len(EDGES_MM) - 2
    return [
        f"< {high:g}" if number == 0 else f"≥ {low:g}" if number == last else f"{low:g} to {high:g}"
        for number, (low, high) in enumerate(pairwise(EDGES_MM))
    ]
