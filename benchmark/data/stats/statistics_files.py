"""Writes the statistics to files: a row per lesion, a row per case, every number beside the paper's, and the figure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.whole_files import not_written, whole_file
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.mswal_facts import SOURCE
from mswal_bench.benchmark.data.raw_folder import DESCRIPTION, FOLDERS

from .dataset_statistics import LESION_SIZES, DatasetStatistics, lesion_frame
from .figure_1 import draw_figure
from .summary import Summary

if TYPE_CHECKING:
    from pandas import DataFrame

LESIONS_FILE, CASES_FILE, SUMMARY_FILE = "lesion_statistics.csv", "case_statistics.csv", "summary.csv"
_FIGURES = ("fig1.svg", "fig1.png")
WRITTEN = (LESIONS_FILE, CASES_FILE, SUMMARY_FILE, *_FIGURES)
"""Are the names of the files."""
_CASE_COLUMNS = [
    "case", "subset", "sex", "phase", "spacing_x_mm", "spacing_y_mm", "spacing_z_mm", "shape_x", "shape_y", "shape_z",
]  # fmt: skip
# Raw, prepared, drawn, downloaded.
_OF_A_DATA_SET = (DESCRIPTION, "imagesTr", "prepared.json", "phantom.json", "release.json")
_ELSEWHERE = "Name another folder with --out."


def refuse_to_write_into(root: Path, out: Path) -> None:
    """Raises BenchError when `out` holds this or another data set, whose folder is for its own files alone."""
    taken = (root, *(root / name for name in FOLDERS))
    if out.resolve() in [folder.resolve() for folder in taken]:
        what = "the statistics would be written among the data set's own files"
        raise BenchError(Problem(what, str(out), mend=_ELSEWHERE))
    try:
        held = [name for name in _OF_A_DATA_SET if (out / name).exists()]
    except OSError as error:
        raise _not_written(out, error) from error
    if held:
        what = "the statistics would be written among another data set's files"
        raise BenchError(Problem(what, str(out), found=", ".join(held), mend=_ELSEWHERE))


def write_statistics(statistics: DatasetStatistics, summary: Summary, out: Path) -> None:
    """Writes the files `WRITTEN` to the folder `out`, each whole or not at all.

    Cells are empty where something is not known. `case_statistics.csv` has the columns of a phantom's `patients.csv`,
    so that a copy of it can be one. Raises BenchError when a file cannot be written.
    """
    try:
        lesions = lesion_frame(statistics)
        _write_csv(out / LESIONS_FILE, lesions, "%.3f")
        _write_csv(out / CASES_FILE, _case_frame(statistics, lesions))
        _write_csv(out / SUMMARY_FILE, _summary_frame(summary))
        draw_figure(statistics, summary, [out / name for name in _FIGURES])
    except OSError as error:
        raise _not_written(out, error) from error


def statistics_json(summary: Summary, more: Mapping[str, Any] | None = None) -> str:
    """Returns the numbers as strict JSON: quantity -> what of -> `found`, and `paper` where the paper has it; after
    them what is in `more`."""
    numbers = {
        quantity: {
            of: {"found": number.found} | ({} if number.paper is None else {"paper": number.paper})
            for of, number in group.items()
        }
        for quantity, group in summary.numbers.items()
    }
    content = {"name": summary.name, "paper": SOURCE, **numbers, **(more or {}), "notes": summary.notes}
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def _not_written(out: Path, error: OSError) -> BenchError:
    return BenchError(not_written(error, out))


def _case_frame(statistics: DatasetStatistics, lesions: DataFrame) -> DataFrame:
    import pandas as pd

    records = statistics.patients
    rows = [
        (
            case.case,
            case.subset,
            records.sex.get(case.case),
            records.phase.get(case.case),
            *((None,) * 6 if case.geometry is None else (*case.geometry.spacing_mm, *case.geometry.shape)),
        )
        for case in statistics.cases
    ]
    # As objects, whole numbers stay whole beside cells that are empty.
    cases = pd.DataFrame(rows, columns=_CASE_COLUMNS, dtype="object")
    kinds = lesions["class"].astype("str") + "_" + lesions["size"].astype("str")
    counts = pd.crosstab(lesions["case"], kinds).reindex(
        index=[case.case for case in statistics.cases if case.lesions is not None],
        columns=[f"{lesion.key}_{size}" for lesion in LESION_CLASSES for size in LESION_SIZES],
        fill_value=0,
    )
    return cases.join(counts.astype("object"), on="case")


def _summary_frame(summary: Summary) -> DataFrame:
    import pandas as pd

    rows = [
        # Six digits: a millionth of a millimetre is nobody's, and binary fractions print long.
        (quantity, of, f"{number.found:.6g}" if isinstance(number.found, float) else number.found, number.paper)
        for quantity, group in summary.numbers.items()
        for of, number in group.items()
    ]
    return pd.DataFrame(rows, columns=["quantity", "of", "found", "paper"], dtype="object")


def _write_csv(path: Path, frame: DataFrame, float_format: str | None = None) -> None:
    with whole_file(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n", float_format=float_format)
