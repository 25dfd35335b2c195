"""Writes and reads `cases.csv`: the counts of every method, case and class, as `score --out` and records have them.

A file that is read may come from anybody: nothing is believed that its own numbers contradict.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from math import inf, isnan, nan
from pathlib import Path
from typing import Final, NamedTuple

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_first
from mswal_bench.benchmark.core.regular_files import open_regular
from mswal_bench.benchmark.core.whole_files import whole_file
from mswal_bench.metrics.case import ClassCounts
from mswal_bench.metrics.surface_distance import SurfaceAgreement

from .case_columns import COUNTS, MEASURES, MOST_DIGITS, NAMES, RATIO_TOLERANCE, RATIOS, CaseColumns, sound_columns

CASES_FILE: Final = "cases.csv"

_COLUMNS = (
    "method", "case", "class", "missing", "reference_voxels", "prediction_voxels", "intersection_voxels", "dsc", "tp",
    "fp", "fn", "f1", *MEASURES,
)  # fmt: skip


class CaseRow(NamedTuple):
    """One class of one case, scored of one method. There are many, and a tuple is made in a third of the time."""

    method: str
    case: str
    class_key: str
    is_missing: bool
    """Whether the case had no prediction and was scored as predicted empty."""
    counts: ClassCounts
    reference_mm3: float
    """The volume of all voxels of the class; written to a thousandth. NaN where the table lacks it."""
    prediction_mm3: float
    surface: SurfaceAgreement | None = None
    """None where it was not measured, or is undefined."""


def write_case_rows(path: Path, rows: Iterable[CaseRow]) -> None:
    """Writes `cases.csv`, whole or not at all. Ratios are fractions; what is undefined is empty. Raises OSError."""
    write_csv(path, _COLUMNS, map(_cells, rows))


def read_case_rows(path: Path) -> list[CaseRow]:
    """Reads the rows of a `cases.csv`, at least one, in its order.

    Raises BenchError with what is wrong, of the first twenty lines: no such table, a cell that is no count or number,
    numbers that contradict one another, a second row of a method, case and class.
    """
    columns = sound_columns(path)
    return list(_rows(columns)) if columns is not None else _checked_rows(path)


def _checked_rows(path: Path) -> list[CaseRow]:
    """Reads them line by line, to tell what is wrong with which."""
    rows: list[CaseRow] = []
    seen = set()
    problems = []
    for number, row in _lines(path):
        where = f"{path}, line {number}"
        method, case, key = names = tuple(row[name] for name in NAMES)
        wrong = list(_wrong(row))
        if names in seen:
            wrong.append(Problem(f"is a second row of {key} in the case {case} of {method}"))
        problems += [Problem(each.what, where, each.expected, each.found) for each in wrong]
        if not wrong:
            seen.add(names)
            rows.append(_row(row))
    raise_first(problems)
    if not rows:
        raise BenchError(Problem("holds no rows", str(path)))
    return rows


Counts = dict[str, dict[str, dict[str, ClassCounts]]]
"""Method -> case id -> class key -> counts."""


def read_counts(path: Path) -> Counts:
    """Reads the counts alone of all methods in a `cases.csv`, in its order. Raises as `read_case_rows` does."""
    counts: Counts = {}
    for row in read_case_rows(path):
        counts.setdefault(row.method, {}).setdefault(row.case, {})[row.class_key] = row.counts
    return counts


def fraction_cell(value: float) -> str:
    """Writes a number for a CSV: as many digits as it takes to read the same number back; empty for undefined."""
    return "" if isnan(value) else repr(value)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a table with a heading, whole or not at all. Raises OSError."""
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _cells(row: CaseRow) -> Sequence[object]:
    counts = row.counts
    return (
        row.method,
        row.case,
        row.class_key,
        int(row.is_missing),
        counts.reference_voxels,
        counts.prediction_voxels,
        counts.intersection_voxels,
        fraction_cell(counts.dsc),
        counts.tp,
        counts.fp,
        counts.fn,
        fraction_cell(counts.f1),
        *("" if isnan(volume_mm3) else f"{volume_mm3:.3f}" for volume_mm3 in (row.reference_mm3, row.prediction_mm3)),
        "" if row.surface is None else fraction_cell(row.surface.nsd),
        "" if row.surface is None else fraction_cell(row.surface.hd95_mm),
    )


def _rows(columns: CaseColumns) -> Iterator[CaseRow]:
    names = (columns.methods, columns.cases, columns.class_keys, columns.is_missing)
    numbers = (columns.counts.T.tolist(), columns.measures.T.tolist())
    for method, case, key, missing, counts, measures in zip(*names, *numbers, strict=True):
        reference_mm3, prediction_mm3, nsd, hd95_mm = measures
        surface = None if isnan(nsd) else SurfaceAgreement(nsd, hd95_mm)
        yield CaseRow(method, case, key, missing, ClassCounts(*counts), reference_mm3, prediction_mm3, surface)


def _row(cells: Mapping[str, str]) -> CaseRow:
    method, case, key = (cells[name] for name in NAMES)
    reference_mm3, prediction_mm3, nsd, hd95_mm = (_number(cells.get(name, "")) for name in MEASURES)
    surface = None if isnan(nsd) else SurfaceAgreement(nsd, hd95_mm)
    missing = cells.get("missing") == "1"
    return CaseRow(method, case, key, missing, _counts(cells), reference_mm3, prediction_mm3, surface)


def _counts(cells: Mapping[str, str]) -> ClassCounts:
    return ClassCounts(*(int(cells[name]) for name in COUNTS))


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The table's lines with their numbers in the file."""
    try:
        with TextIOWrapper(open_regular(path), encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = reader.fieldnames or ()
            lacking = [name for name in (*NAMES, *COUNTS, *RATIOS) if name not in header]
            twice = sorted(name for name, times in Counter(header).items() if times > 1)
            if lacking or twice:
                what = "lacks columns" if lacking else "has columns twice"
                mend = "It is `cases.csv` as `mswal-bench score --out` writes it that is read here."
                raise BenchError(Problem(what, str(path), found=listed(lacking or twice), mend=mend))
            for row in reader:
                if None in row or None in row.values():
                    what = "has another number of cells than the first line"
                    raise BenchError(Problem(what, f"{path}, line {reader.line_num}"))
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BenchError(Problem(f"cannot be read ({reason})", str(path))) from error


def _wrong(row: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with a line by itself."""
    for name in NAMES:
        if not row[name].strip() or not row[name].isprintable():
            yield Problem(f"has no readable {name}", found=repr(row[name]))
    # A digit of another script is a digit to Python.
    bad = [
        name for name in COUNTS if not (row[name].isascii() and row[name].isdigit() and len(row[name]) <= MOST_DIGITS)
    ]
    for name in bad:
        yield Problem(f"has a {name} that is no count", expected="a whole number from 0 on", found=repr(row[name]))
    if bad:
        return
    counts = _counts(row)
    smaller = min(counts.reference_voxels, counts.prediction_voxels)
    if counts.intersection_voxels > smaller:
        what = "has a larger intersection than its smaller side"
        yield Problem(what, expected=f"at most {smaller}", found=str(counts.intersection_voxels))
    for side, voxels, lesions in (
        ("reference", counts.reference_voxels, counts.tp + counts.fn),
        ("prediction", counts.prediction_voxels, counts.tp + counts.fp),
    ):
        if (voxels == 0) != (lesions == 0) or lesions > voxels:
            yield Problem(f"has {lesions} lesions in {voxels} voxels of the {side}")
    for name in RATIOS:
        if not _is_number(row[name]):
            yield Problem(f"has a {name} that is no number", expected="a fraction, or empty", found=repr(row[name]))
            continue
        told, counted = _number(row[name]), getattr(counts, name)
        if isnan(told) != isnan(counted) or abs(told - counted) > RATIO_TOLERANCE:
            expected = "empty" if isnan(counted) else f"{counted:.6g}"
            yield Problem(f"has a {name} that its counts contradict", expected=expected, found=row[name] or "empty")
    yield from _wrong_beside(row, counts)


def _wrong_beside(row: Mapping[str, str], counts: ClassCounts) -> Iterator[Problem]:
    """What is wrong with the columns that a table need not have."""
    missing = row.get("missing", "0")
    if missing not in ("0", "1"):
        yield Problem("has a missing that is neither", expected="1 without a prediction, else 0", found=repr(missing))
    elif missing == "1" and counts.prediction_voxels:
        yield Problem("has predicted voxels though the prediction is missing", found=str(counts.prediction_voxels))
    for name in MEASURES:
        cell = row.get(name, "")
        if not _is_number(cell) or _number(cell) < 0:
            yield Problem(f"has a {name} that is none", expected="a number from 0 on, or empty", found=repr(cell))


def _is_number(cell: str) -> bool:
    """Whether a cell is empty or a finite number."""
    try:
        return not cell or abs(float(cell)) < inf
    except ValueError:
        return False


def _number(cell: str) -> float:
    """NaN for an empty cell."""
    return float(cell) if cell else nan
