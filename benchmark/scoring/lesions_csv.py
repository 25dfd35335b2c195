"""Writes and reads `lesions.csv`: a row for every lesion of every case, as `score --out` and records have them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import groupby
from math import isnan, nan
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.regular_files import open_regular
from mswal_bench.metrics.lesions import Lesion, Lesions

from .cases_csv import fraction_cell, write_csv

LESIONS_FILE: Final = "lesions.csv"

_PLACE = ("centroid_x_mm", "centroid_y_mm", "centroid_z_mm")
_COLUMNS = (
    "method", "case", "class", "side", "lesion", "status", "matched", "iou", "dsc", "voxels", "volume_mm3",
    "diameter_mm", *_PLACE,
)  # fmt: skip
_SIDES = {"reference": False, "prediction": True}
_MOST = 10**15
"""Of a voxel count or a length; nothing near it is a lesion's, and a float still holds it exactly."""


@dataclass(frozen=True, slots=True)
class LesionRow:
    """One lesion of one case, scored of one method."""

    method: str
    case: str
    class_key: str
    lesion: Lesion
    position_mm: tuple[float, float, float]
    """Its centroid in the patient, LPS, as in ITK-SNAP; NaN where it is not known."""


@dataclass(frozen=True, eq=False)
class ReadLesions:
    """The lesions of a case as they were read."""

    lesions: Lesions
    """Diameters are as written, to the micrometre, volumes to a thousandth of a mm3; centroids are NaN."""
    positions_mm: NDArray[np.float64]
    """Shape (lesions, 3): the centroids in the patient, LPS."""


def lesion_rows(
    method: str, case: str, lesions: Lesions, positions_mm: NDArray[np.float64], keys: Mapping[int, str]
) -> Iterator[LesionRow]:
    """Yields the rows of a case's lesions; `keys` are those of the classes by id."""
    for lesion, (x, y, z) in zip(lesions, positions_mm.tolist(), strict=True):
        yield LesionRow(method, case, keys[lesion.class_id], lesion, (x, y, z))


def write_lesion_rows(path: Path, rows: Iterable[LesionRow]) -> None:
    """Writes `lesions.csv`, whole or not at all. A match is two rows, one a side. Raises OSError."""
    write_csv(path, _COLUMNS, map(_cells, rows))


def read_lesions(path: Path, class_ids: Mapping[str, int]) -> dict[tuple[str, str], ReadLesions]:
    """Reads the lesions by method and case id; a case without any is not there. `class_ids` are the classes' by key.

    Raises BenchError where the file is not such rows, or those of a case are not together.
    """
    lesions: dict[tuple[str, str], ReadLesions] = {}
    # Case by case: of predictions that are specks all over, the rows of all cases would not fit into memory.
    for (method, case), of_case in groupby(_lines(path), key=lambda line: (line[1].get("method"), line[1].get("case"))):
        rows = []
        for number, row in of_case:
            try:
                rows.append(_numbers(row, class_ids))
            except (KeyError, TypeError, ValueError) as error:
                what = f"line {number} is not a row of `mswal-bench score`, or was changed"
                raise BenchError(Problem(what, str(path))) from error
        if method is None or case is None or (method, case) in lesions:
            raise BenchError(Problem(f"the rows of the case {case} are not together", str(path)))
        lesions[method, case] = _lesions(rows)
    return lesions


def no_lesions() -> ReadLesions:
    """Returns the lesions of a case without any."""
    return _lesions([])


def _cells(row: LesionRow) -> Sequence[object]:
    lesion = row.lesion
    return (
        row.method,
        row.case,
        row.class_key,
        lesion.side,
        lesion.lesion_id,
        lesion.status,
        "" if lesion.matched_id is None else lesion.matched_id,
        fraction_cell(lesion.iou),
        fraction_cell(lesion.dsc),
        lesion.voxels,
        f"{lesion.volume_mm3:.3f}",
        f"{lesion.diameter_mm:.3f}",
        *("" if isnan(position) else f"{position:.3f}" for position in row.position_mm),
    )


def _numbers(row: Mapping[str, str], class_ids: Mapping[str, int]) -> tuple[float, ...]:
    sizes = (
        int(row["lesion"]),
        int(row["voxels"]),
        float(row["volume_mm3"]),
        float(row["diameter_mm"]),
        int(row["matched"] or 0),
        float(row["iou"]),
        float(row["dsc"]),
    )
    if not all(0 <= number <= _MOST for number in sizes):
        raise ValueError
    place = tuple(float(row[axis] or nan) for axis in _PLACE)
    return class_ids[row["class"]], _SIDES[row["side"]], *sizes, *place


def _lesions(rows: Sequence[tuple[float, ...]]) -> ReadLesions:
    columns = np.array(rows, np.float64).reshape(-1, 12).T
    class_id, is_prediction, lesion_id, voxels, volume_mm3, diameter_mm, matched_id, iou, dsc, *place = columns
    lesions = Lesions(
        class_id=class_id.astype(np.int64),
        is_prediction=is_prediction.astype(bool),
        lesion_id=lesion_id.astype(np.int64),
        voxels=voxels.astype(np.int64),
        volume_mm3=volume_mm3,
        diameter_mm=diameter_mm,
        centroid_mm=np.full((columns.shape[1], 3), nan),
        matched_id=matched_id.astype(np.int64),
        iou=iou,
        dsc=dsc,
    )
    return ReadLesions(lesions, np.stack(place, axis=1))


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of the table with their numbers in the file."""
    try:
        with TextIOWrapper(open_regular(path), encoding="utf-8", newline="") as file:
            yield from enumerate(csv.DictReader(file, strict=True), start=2)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BenchError(Problem(f"cannot be read ({reason})", str(path))) from error
