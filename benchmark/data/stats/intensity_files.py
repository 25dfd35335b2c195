"""Lays out and writes the intensities of a data set: table, JSON, a row per class, a row per lesion, and the figure."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import Any, Final

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.whole_files import whole_file
from mswal_bench.benchmark.data.lesion_classes import BY_KEY, LESION_CLASSES
from mswal_bench.benchmark.tables.view import UNDEFINED, Cell, Row, TableView

from .case_intensities import SURROUNDINGS_MM
from .intensity_figure import draw_intensities
from .intensity_summary import ClassIntensity, Intensities
from .normalisation import VERSIONS

_CLASSES_FILE, _LESIONS_FILE = "intensity_statistics.csv", "lesion_intensities.csv"
_FIGURES = ("intensities.svg", "intensities.png")
INTENSITY_FILES: Final = (_CLASSES_FILE, _LESIONS_FILE, *_FIGURES)
"""Are the names of the files."""


def intensity_view(intensities: Intensities) -> TableView:
    """Returns the table: HU of each lesion type, and what each version's normalisation makes of it."""
    notes = [
        f"Around: voxels outside of every lesion, within {SURROUNDINGS_MM:g} mm of the lesion. Contrast: a lesion's "
        "median less that of what is around it; shown is the median over the lesions.",
        *(
            f"{version} clips at {of.lowest:.0f} and {of.highest:.0f} HU, subtracts {of.mean:.1f} and divides by "
            f"{of.deviation:.1f} (sd): statistics of voxels in lesions alone."
            for version, of in intensities.normalisations.items()
        ),
        "v2 draws equally many voxels of each case with a lesion, v1 every tenth of all; the numbers are what the "
        "drawing has on average.",
    ]
    rows = [Row(BY_KEY[key].name, tuple(map(Cell, _cells(of)))) for key, of in intensities.classes.items()]
    groups = ("HU", *VERSIONS)
    columns = (("Lesions", "5 %", "Median", "95 %", "Around", "Contrast"), *((("Clipped, %", "Contrast, sd"),) * 2))
    return TableView("Lesion", groups, columns, tuple(rows), tuple(notes))


def intensities_json(intensities: Intensities) -> dict[str, Any]:
    """Returns the numbers for JSON; None for what is not defined."""
    return {
        "normalisation": {
            version: {"clipped_below": of.lowest, "clipped_above": of.highest, "mean": of.mean, "sd": of.deviation}
            for version, of in intensities.normalisations.items()
        },
        "classes": {key: _record(of) for key, of in intensities.classes.items()},
    }


def write_intensities(intensities: Intensities, out: Path) -> None:
    """Writes `INTENSITY_FILES` to the folder `out`, each whole or not at all. Raises BenchError."""
    import pandas as pd

    keys = {lesion.id: lesion.key for lesion in LESION_CLASSES}
    classes = [{"class": key, **_record(of)} for key, of in intensities.classes.items()]
    lesions = [
        (case.case, keys[one.class_id], one.lesion_id, one.median_hu, one.surroundings_hu, one.contrast_hu)
        for case in intensities.cases
        for one in case.lesions
    ]
    columns = ["case", "class", "lesion", "median_hu", "surroundings_hu", "contrast_hu"]
    frames = {_CLASSES_FILE: pd.DataFrame(classes), _LESIONS_FILE: pd.DataFrame(lesions, columns=columns)}
    try:
        for name, frame in frames.items():
            with whole_file(out / name) as temporary:
                frame.to_csv(temporary, index=False, lineterminator="\n", float_format="%.6g")
        draw_intensities(intensities, [out / name for name in _FIGURES])
    except OSError as error:
        what = f"cannot be written ({error.strerror or error})"
        raise BenchError(Problem(what, str(error.filename or out))) from error


def _record(of: ClassIntensity) -> dict[str, Any]:
    low, median, high = of.hu
    numbers: dict[str, Any] = {
        "lesions": of.lesions,
        "voxels": of.voxels,
        "hu_percentile_5": low,
        "hu_median": median,
        "hu_percentile_95": high,
        "surroundings_hu": of.surroundings_hu,
        "contrast_hu": of.contrast_hu,
    }
    for version in VERSIONS:
        short = version.rpartition(" ")[2]
        numbers[f"clipped_{short}"] = of.clipped[version]
        numbers[f"contrast_sd_{short}"] = of.contrast_sd[version]
    return {name: None if isinstance(value, float) and isnan(value) else value for name, value in numbers.items()}


def _cells(of: ClassIntensity) -> list[str]:
    hu = [_text(value, 0) for value in (*of.hu, of.surroundings_hu, of.contrast_hu)]
    seen = [(_text(100 * of.clipped[version], 1), _text(of.contrast_sd[version], 2)) for version in VERSIONS]
    return [f"{of.lesions:,}", *hu, *(cell for pair in seen for cell in pair)]


def _text(value: float, decimals: int) -> str:
    return UNDEFINED if isnan(value) else f"{value + 0:.{decimals}f}"
