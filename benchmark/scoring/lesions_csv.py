"""Writes and reads `lesions.csv`: a row for every lesion of every case, as `score --out` and records have them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
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
from .table_columns import table_columns

LESIONS_FILE: Final = "lesions.csv"

_PLACE = ("centroid_x_mm", "centroid_y_mm", "centroid_z_mm")
_COLUMNS = (
    "method", "case", "class", "side", "lesion", "status", "matched", "iou", "dsc", "voxels", "volume_mm3",
    "diameter_mm", *_PLACE,
)  # fmt: skip
_SIDES = {"reference": False, "prediction": True}
_MOST = 10**15
"""Of a voxel count or a length; nothing near it is a lesion's, and a float still holds it exactly."""
_FIELDS = tuple(field.name for field in fields(Lesions))
_MOST_BYTES = 2**22
"""Of a file that is read in one go."""


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
    lesions = _read_at_once(path, class_ids)
    return _read_by_case(path, class_ids) if lesions is None else lesions


def _read_at_once(path: Path, class_ids: Mapping[str, int]) -> dict[tuple[str, str], ReadLesions] | None:
    """Reads them column by column, many times as fast; None for a large file, and where anything is wrong with it."""
    cells = table_columns(path, most_bytes=_MOST_BYTES)
    if not cells:
        return cells if cells is None else {}
    try:
        numbers = _columns(cells, class_ids)
    except (KeyError, ValueError, OverflowError):
        return None
    names = list(zip(cells["method"], cells["case"], strict=True))
    starts = [0, *(row for row in range(1, len(names)) if names[row] != names[row - 1])]
    if len({names[start] for start in starts}) < len(starts):
        return None
    ends = [*starts[1:], len(names)]
    return {names[start]: _part(numbers, slice(start, end)) for start, end in zip(starts, ends, strict=True)}


def _columns(cells: Mapping[str, Sequence[str]], class_ids: Mapping[str, int]) -> ReadLesions:
    """All rows. Raises KeyError, ValueError or OverflowError for a cell that is none of a lesion's."""
    rows = len(cells["lesion"])
    whole, sizes, places = np.empty((3, rows), np.int64), np.empty((4, rows)), np.empty((3, rows))
    # Without a list of each column in between.
    whole[0], whole[1] = (np.fromiter(map(int, cells[name]), np.int64, rows) for name in ("lesion", "voxels"))
    whole[2] = np.fromiter((int(cell or 0) for cell in cells["matched"]), np.int64, rows)
    for row, name in enumerate(("volume_mm3", "diameter_mm", "iou", "dsc")):
        sizes[row] = np.fromiter(map(float, cells[name]), np.float64, rows)
    for row, axis in enumerate(_PLACE):
        places[row] = np.fromiter((float(cell or nan) for cell in cells[axis]), np.float64, rows)
    lesion_id, voxels, matched_id = whole
    volume_mm3, diameter_mm, iou, dsc = sizes
    if not all(((numbers >= 0) & (numbers <= _MOST)).all() for numbers in (whole, sizes)):
        raise ValueError
    lesions = Lesions(
        class_id=np.array(list(map(class_ids.__getitem__, cells["class"])), np.int64),
        is_prediction=np.array(list(map(_SIDES.__getitem__, cells["side"])), bool),
        lesion_id=lesion_id,
        voxels=voxels,
        volume_mm3=volume_mm3,
        diameter_mm=diameter_mm,
        centroid_mm=np.full((lesion_id.size, 3), nan),
        matched_id=matched_id,
        iou=iou,
        dsc=dsc,
    )
    return ReadLesions(lesions, places.T)


def _part(of: ReadLesions, rows: slice) -> ReadLesions:
    return ReadLesions(Lesions(*(getattr(of.lesions, name)[rows] for name in _FIELDS)), of.positions_mm[rows])


def _read_by_case(path: Path, class_ids: Mapping[str, int]) -> dict[tuple[str, str], ReadLesions]:
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
