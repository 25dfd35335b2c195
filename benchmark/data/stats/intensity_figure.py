"""Draws the HU of each lesion type beside its surroundings, and the contrast that a network sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mswal_bench.benchmark.core.whole_files import whole_file
from mswal_bench.benchmark.data.lesion_classes import BY_KEY

from .intensity_summary import Intensities
from .normalisation import VERSIONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PNG_DPI = 300
_STYLE: dict[Any, Any] = {
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "mswal-bench",
}
_TEXT, _AROUND, _KEPT = "#222222", "#555555", "#eef2f5"
_FINE_HU = 300
"""Up to here, both ways, the axis of HU is even; beyond it is logarithmic, for stones."""


def draw_intensities(intensities: Intensities, paths: Sequence[Path]) -> None:
    """Draws the two panels on white and writes them to each of `paths`, in the format of its suffix. Raises OSError."""
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", _STYLE], after_reset=True):
        figure = Figure(figsize=(6.8, 2.9), facecolor="white", layout="constrained")
        of_hu, of_contrast = figure.subplots(1, 2, sharey=True, width_ratios=(1.25, 1))
        _draw_hu(of_hu, intensities)
        _draw_contrast(of_contrast, intensities)
        for path in paths:
            # Without a date, equal data makes equal files.
            undated = {"Date": None} if path.suffix == ".svg" else {}
            with whole_file(path) as temporary:
                figure.savefig(temporary, dpi=_PNG_DPI, metadata=undated)


def _draw_hu(axes: Axes, intensities: Intensities) -> None:
    kept = intensities.normalisations[VERSIONS[0]]
    axes.set_title("(a) HU of the lesions and around them")
    axes.axvspan(kept.lowest, kept.highest, color=_KEPT, zorder=0, label="not clipped by nnU-Net v2")
    axes.axvline(kept.mean, color=_TEXT, linewidth=0.7, linestyle=(0, (4, 3)), zorder=1, label="its mean")
    for row, (key, of) in enumerate(intensities.classes.items()):
        low, median, high = of.hu
        colour = BY_KEY[key].colour
        axes.plot([low, high], [row, row], color=colour, linewidth=5, solid_capstyle="butt", zorder=2)
        axes.plot([median], [row], "|", color=_TEXT, markersize=8, zorder=3)
        axes.plot([of.surroundings_hu], [row], "D", markersize=3.5, mfc="white", mec=_AROUND, zorder=4)
    axes.plot([], [], color="#999999", linewidth=5, label="5 to 95 % of its voxels, median")
    axes.plot([], [], "D", markersize=3.5, mfc="white", mec=_AROUND, linestyle="none", label="around, median")
    axes.set_yticks(range(len(intensities.classes)), [BY_KEY[key].name for key in intensities.classes])
    axes.set_xscale("symlog", linthresh=_FINE_HU, linscale=2)
    lows, highs = ([of.hu[place] for of in intensities.classes.values() if of.lesions] for place in (0, 2))
    axes.set_xlim(min(*lows, kept.lowest, -100) * 1.1, max(*highs, kept.highest, _FINE_HU) * 1.15)
    ticks = [
        tick for tick in (-300, -100, 0, 100, 200, 300, 1000, 3000) if axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]
    ]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("HU")
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=6)


def _draw_contrast(axes: Axes, intensities: Intensities) -> None:
    axes.set_title("(b) Contrast in sd of nnU-Net v2")
    deviation = intensities.normalisations[VERSIONS[0]].deviation or np.nan
    ids = {key: BY_KEY[key].id for key in intensities.classes}
    axes.axvline(0, color=_TEXT, linewidth=0.7, zorder=0)
    # Lesions of one type are spread over a band, the same way each time.
    rng = np.random.default_rng(0)
    for row, (key, of) in enumerate(intensities.classes.items()):
        contrasts = np.array(
            [one.contrast_hu for case in intensities.cases for one in case.lesions if one.class_id == ids[key]]
        )
        seen = contrasts[~np.isnan(contrasts)] / deviation
        places = row + rng.uniform(-0.25, 0.25, seen.size)
        axes.plot(seen, places, ".", markersize=2.5, color=BY_KEY[key].colour, alpha=0.7, mew=0)
        median = of.contrast_sd[VERSIONS[0]]
        axes.plot([median, median], [row - 0.33, row + 0.33], color=_TEXT, linewidth=1.2)
    axes.set_xscale("symlog", linthresh=1, linscale=2)
    low, high = axes.get_xlim()
    ticks = [tick for tick in (-10, -4, -1, -0.5, 0, 0.5, 1, 4, 10) if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("lesion less its surroundings; bar: median")
    axes.tick_params(axis="y", length=0)
