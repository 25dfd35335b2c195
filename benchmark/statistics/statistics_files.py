"""The statistics as files: a row a lesion, a row a case, every number with the paper's, and the figure."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import BenchError, Problem
from ..files import whole_file
from ..lesion_classes import LESION_CLASSES
from ..mswal_facts import SOURCE
from .dataset_statistics import DatasetStatistics
from .figure import draw_figure
from .measured_case import MeasuredCase
from .summary import Summary

_LESION_COLUMNS = (
    "case", "subset", "class", "lesion", "size", "diameter_mm", "volume_mm3", "voxels", "centroid_x_mm",
    "centroid_y_mm", "centroid_z_mm",
)  # fmt: skip
_CASE_COLUMNS = (
    "case", "subset", "sex", "phase", "spacing_x_mm", "spacing_y_mm", "spacing_z_mm", "shape_x", "shape_y", "shape_z",
)  # fmt: skip
_SIZES = ("small", "large")
# Raw, prepared, drawn, downloaded.
_OF_A_DATA_SET = ("dataset.json", "imagesTr", "prepared.json", "phantom.json", "release.json")
_ELSEWHERE = "Name another folder with --out."


def refuse_to_write_into(root: Path, out: Path) -> None:
    """Raises BenchError when `out` holds this or another data set, whose `cases.csv` would be overwritten."""
    taken = (root, *(root / f"{kind}{subset}" for kind in ("images", "labels") for subset in ("Tr", "Ts")))
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
    """Writes `lesions.csv`, `cases.csv`, `summary.csv`, `fig1.svg` and `fig1.png` to `out`, each whole or not at all.

    Cells are empty where something is not known. `cases.csv` has the columns of a phantom's, so that it can take the
    place of a data set's own. Raises BenchError when a file cannot be written.
    """
    try:
        _write_csv(out / "lesions.csv", _LESION_COLUMNS, _lesion_rows(statistics))
        pairs = [f"{lesion.key}_{size}" for lesion in LESION_CLASSES for size in _SIZES]
        _write_csv(out / "cases.csv", (*_CASE_COLUMNS, *pairs), _case_rows(statistics))
        _write_csv(out / "summary.csv", ("quantity", "of", "found", "paper"), _summary_rows(summary))
        draw_figure(statistics, summary, [out / "fig1.svg", out / "fig1.png"])
    except OSError as error:
        raise _not_written(out, error) from error


def statistics_json(summary: Summary) -> str:
    """The numbers as strict JSON: quantity -> what of -> `found` and, where the paper has the number, `paper`."""
    numbers = {
        quantity: {
            of: {"found": number.found} | ({} if number.paper is None else {"paper": number.paper})
            for of, number in group.items()
        }
        for quantity, group in summary.numbers.items()
    }
    content = {"name": summary.name, "paper": SOURCE, **numbers, "notes": summary.notes}
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def _not_written(out: Path, error: OSError) -> BenchError:
    return BenchError(Problem(f"cannot be written ({error.strerror or error})", str(error.filename or out)))


def _lesion_rows(statistics: DatasetStatistics) -> Iterable[Sequence[object]]:
    keys = {lesion.id: lesion.key for lesion in LESION_CLASSES}
    for case in statistics.cases:
        for one in case.lesions or ():
            size = _SIZES[one.diameter_mm >= statistics.protocol.large_from_mm]
            centroid = [f"{position:.3f}" for position in one.centroid_mm]
            measures = f"{one.diameter_mm:.3f}", f"{one.volume_mm3:.3f}", one.voxels
            yield case.case, case.subset, keys[one.class_id], one.lesion_id, size, *measures, *centroid


def _case_rows(statistics: DatasetStatistics) -> Iterable[Sequence[object]]:
    for case in statistics.cases:
        records = statistics.records
        grid = ("",) * 6 if case.geometry is None else (*case.geometry.spacing_mm, *case.geometry.shape)
        counts = _counts_by_size(case, statistics.protocol.large_from_mm)
        yield case.case, case.subset, records.sex.get(case.case), records.phase.get(case.case), *grid, *counts


def _counts_by_size(case: MeasuredCase, large_from_mm: float) -> list[object]:
    if case.lesions is None:
        return [""] * (len(LESION_CLASSES) * len(_SIZES))
    found = [(one.class_id, one.diameter_mm >= large_from_mm) for one in case.lesions]
    return [found.count((lesion.id, is_large)) for lesion in LESION_CLASSES for is_large in (False, True)]


def _summary_rows(summary: Summary) -> Iterable[Sequence[object]]:
    for quantity, group in summary.numbers.items():
        for of, number in group.items():
            # Six digits: a millionth of a millimetre is nobody's, and binary fractions print long.
            found = f"{number.found:.6g}" if isinstance(number.found, float) else number.found
            yield quantity, of, found, number.paper


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
