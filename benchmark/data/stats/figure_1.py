"""Draws the paper's Fig. 1 (a) to (d) for any data set: sex, contrast phase, lesions by size, and their diameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.whole_files import whole_file
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES

from .dataset_statistics import lesion_frame
from .summary import NOT_RECORDED, TOTAL, Summary, SummaryNumber

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .dataset_statistics import DatasetStatistics

# The text width of the proceedings that the paper is in; what is legible at it is so on a slide, too.
_WIDTH_IN, _TOP_IN, _BOTTOM_IN = 4.8, 1.55, 2.75
_EMPTY_TOP_IN = 0.6
_PNG_DPI = 400
_STYLE: dict[Any, Any] = {
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.major.width": 0.6,
    "svg.hashsalt": "mswal-bench",
}
# No lesion type has it.
_NEUTRAL = "#777777"
_TEXT = "#222222"
_SMALL_TINT = 0.35
# Of fewer lesions a distribution is guesswork: they are drawn one by one.
_FEWEST_FOR_A_VIOLIN = 10
_NO_LESION, _NOT_COUNTED = "no lesion", "no label map"
_TICKS_CM = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


def draw_figure(statistics: DatasetStatistics, summary: Summary, paths: Sequence[Path]) -> None:
    """Draws the four panels on white and writes them to each of `paths`, in the format of its suffix.

    A panel without records or lesions says so. Raises OSError.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    is_recorded = bool(statistics.patients.sex or statistics.patients.phase)
    top_in = _TOP_IN if is_recorded else _EMPTY_TOP_IN
    # Whatever else runs in this process may have set a style for all: nnU-Net's trainers do.
    with style.context(["default", _STYLE], after_reset=True):
        figure = Figure(figsize=(_WIDTH_IN, top_in + _BOTTOM_IN), facecolor="white", layout="constrained")
        (top,), (bottom,) = figure.subfigures(2, 1, squeeze=False, height_ratios=(top_in, _BOTTOM_IN))
        sex, phase = top.subplots(1, 2, width_ratios=(1, 1.15))
        sizes, diameters = bottom.subplots(1, 2, sharey=True, width_ratios=(1, 1.15))
        _draw_shares(sex, "(a) Sex", summary.numbers["sex"])
        _draw_shares(phase, "(b) Contrast phase", summary.numbers["phase"])
        _draw_sizes(sizes, summary)
        _draw_diameters(diameters, statistics)
        for path in paths:
            # Without a date, equal data makes equal files.
            undated = {"Date": None} if path.suffix == ".svg" else {}
            with whole_file(path) as temporary:
                figure.savefig(temporary, dpi=_PNG_DPI, metadata=undated)


def _draw_shares(axes: Axes, title: str, group: Mapping[str, SummaryNumber]) -> None:
    counts = {value: number.found for value, number in group.items() if value != NOT_RECORDED}
    recorded = {value: count for value, count in counts.items() if count is not None}
    if not recorded:
        axes.set_title(title)
        _say(axes, "not recorded")
        return
    total = sum(recorded.values())
    axes.set_title(f"{title}, n = {total:,}")
    # Two bars as tall as five fill the panel: a little slimmer, they look like the others.
    height = 0.65 if len(recorded) > 2 else 0.45
    bars = axes.barh([value.capitalize() for value in recorded], list(recorded.values()), color=_NEUTRAL, height=height)
    texts = [f"{count:,} ({count / total:.0%})" for count in recorded.values()]
    axes.bar_label(bars, texts, padding=2, color=_TEXT)
    axes.set_xlim(0, max(recorded.values()) * 1.5)
    _as_list(axes)


def _draw_sizes(axes: Axes, summary: Summary) -> None:
    numbers = summary.numbers
    total = numbers["lesions"][TOTAL].found
    if not total:
        axes.set_title("(c) Lesions")
        _say(axes, _NO_LESION if total == 0 else _NOT_COUNTED)
        return
    axes.set_title(f"(c) Lesions, n = {total:,}")
    most = max(number.found or 0 for key, number in numbers["lesions"].items() if key != TOTAL)
    for row, lesion in enumerate(LESION_CLASSES):
        small, large = (numbers[size][lesion.key].found or 0 for size in ("small", "large"))
        colour = lesion.colour
        outline: dict[str, Any] = {"edgecolor": _darker(colour), "linewidth": 0.5, "height": 0.65}
        axes.barh(row, small, color=_lighter(colour), **outline)
        axes.barh(row, large, left=small, color=colour, **outline)
        axes.annotate(
            f"{small:,} + {large:,}", (small + large, row), (3, 0), textcoords="offset points", va="center", color=_TEXT
        )
    axes.set_yticks(range(len(LESION_CLASSES)), [lesion.name for lesion in LESION_CLASSES])
    axes.set_xlim(0, most * 1.65)
    axes.set_xlabel("small (pale, < 2 cm) + large")
    _as_list(axes)


def _draw_diameters(axes: Axes, statistics: DatasetStatistics) -> None:
    axes.set_title("(d) Longest axial diameter, cm")
    lesions = lesion_frame(statistics)
    every = lesions["diameter_mm"].to_numpy() / 10
    if not every.size:
        _say(axes, _NO_LESION if any(case.lesions is not None for case in statistics.cases) else _NOT_COUNTED)
        return
    for row, lesion in enumerate(LESION_CLASSES):
        # Equal steps on the axis are equal ratios: stones of millimetres and tumors of decimetres share it.
        places = np.log10(every[lesions["class"] == lesion.key])
        colour = lesion.colour
        if places.size >= _FEWEST_FOR_A_VIOLIN and np.ptp(places) > 0:
            _draw_violin(axes, row, places, colour)
        else:
            axes.plot(places, np.full(places.size, row), "o", ms=3, mfc=colour, mec=_darker(colour), mew=0.5)
    limit = float(np.log10(statistics.protocol.large_from_mm / 10))
    axes.axvline(limit, color=_TEXT, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
    low, high = float(np.log10(every.min())), float(np.log10(every.max()))
    axes.set_xlim(min(low, limit) - 0.08, max(high, limit) + 0.08)
    ends = 10 ** np.array(axes.get_xlim())
    ticks = [tick for tick in _TICKS_CM if ends[0] <= tick <= ends[1]]
    axes.set_xticks(np.log10(ticks).tolist(), [f"{tick:g}" for tick in ticks])
    between = [step * decade for decade in (0.01, 0.1, 1, 10) for step in range(1, 10)]
    axes.set_xticks([float(np.log10(tick)) for tick in between if ends[0] <= tick <= ends[1]], minor=True)
    axes.set_xlabel("white dot: median, bar: quartiles")
    axes.tick_params(axis="y", length=0, labelleft=False)
    axes.spines["left"].set_visible(False)


def _draw_violin(axes: Axes, row: int, places: NDArray[np.float64], colour: str) -> None:
    parts = axes.violinplot(places, [row], orientation="horizontal", widths=0.85, showextrema=False)
    bodies: Any = parts["bodies"]
    for body in bodies:
        body.set(facecolor=colour, edgecolor=_darker(colour), linewidth=0.5, alpha=1)
    lower, middle, upper = np.quantile(places, [0.25, 0.5, 0.75])
    axes.plot([lower, upper], [row, row], color=_TEXT, linewidth=1.6, solid_capstyle="butt")
    axes.plot(middle, row, "o", ms=2.6, mfc="white", mec=_TEXT, mew=0.5)


def _as_list(axes: Axes) -> None:
    """Bars under one another, the first on top, their numbers beside them instead of an axis."""
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _say(axes: Axes, what: str) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, what, transform=axes.transAxes, ha="center", va="center", color="#666666", style="italic")


def _lighter(colour: str) -> tuple[float, ...]:
    return _mixed(colour, 1.0, 1 - _SMALL_TINT)


def _darker(colour: str) -> tuple[float, ...]:
    return _mixed(colour, 0.0, 0.35)


def _mixed(colour: str, with_grey: float, part: float) -> tuple[float, ...]:
    from matplotlib.colors import to_rgb

    return tuple((1 - part) * channel + part * with_grey for channel in to_rgb(colour))
