"""Reads the counts of cases back from `cases.csv`, as `mswal-bench score --out` and records have it.

The file may come from anybody: nothing is believed that its own numbers contradict.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import isnan, nan
from pathlib import Path
from typing import Final

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.metrics.case import ClassCounts

CASES_FILE: Final = "cases.csv"
LESIONS_FILE: Final = "lesions.csv"


Rows = dict[str, dict[str, dict[str, ClassCounts]]]
"""Method -> case id -> class key -> counts."""

_NAMES = ("method", "case", "class")
_COUNTS = ("reference_voxels", "prediction_voxels", "intersection_voxels", "tp", "fp", "fn")
_RATIOS = ("dsc", "f1")
_MOST_DIGITS = 15
_RATIO_TOLERANCE = 1e-6
"""Of a ratio against its counts: one that a spreadsheet has rounded is not a wrong one."""
_MOST_PROBLEMS = 20


def read_rows(path: Path) -> Rows:
    """The rows of all methods in a file, in its order. Raises BenchError with what is wrong, the first twenty lines."""
    rows: Rows = defaultdict(lambda: defaultdict(dict))
    problems = []
    for number, row in _lines(path):
        where = f"{path}, line {number}"
        method, case, key = (row[name] for name in _NAMES)
        wrong = list(_wrong(row))
        if key in rows[method][case]:
            wrong.append(Problem(f"is a second row of {key} in the case {case} of {method}"))
        problems += [Problem(each.what, where, each.expected, each.found) for each in wrong]
        if not wrong:
            rows[method][case][key] = ClassCounts(*(int(row[name]) for name in _COUNTS))
    raise_first(problems)
    if not rows:
        raise BenchError(Problem("holds no rows", str(path)))
    return {method: dict(of_method) for method, of_method in rows.items()}


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The table's lines with their numbers in the file."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = reader.fieldnames or ()
            lacking = [name for name in (*_NAMES, *_COUNTS, *_RATIOS) if name not in header]
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
    for name in _NAMES:
        if not row[name].strip() or not row[name].isprintable():
            yield Problem(f"has no readable {name}", found=repr(row[name]))
    # A digit of another script is a digit to Python.
    bad = [
        name for name in _COUNTS if not (row[name].isascii() and row[name].isdigit() and len(row[name]) <= _MOST_DIGITS)
    ]
    for name in bad:
        yield Problem(f"has a {name} that is no count", expected="a whole number from 0 on", found=repr(row[name]))
    if bad:
        return
    counts = ClassCounts(*(int(row[name]) for name in _COUNTS))
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
    for name in _RATIOS:
        told, counted = _fraction(row[name]), getattr(counts, name)
        if told is None:
            yield Problem(f"has a {name} that is no number", expected="a fraction, or empty", found=repr(row[name]))
        elif isnan(told) != isnan(counted) or abs(told - counted) > _RATIO_TOLERANCE:
            expected = "empty" if isnan(counted) else f"{counted:.6g}"
            yield Problem(f"has a {name} that its counts contradict", expected=expected, found=row[name] or "empty")


def _fraction(text: str) -> float | None:
    """NaN for an empty cell, None for what is no finite number."""
    if not text:
        return nan
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def raise_first(problems: Sequence[Problem]) -> None:
    """Raises BenchError with the first twenty problems and the number of the others, if there are any."""
    more = len(problems) - _MOST_PROBLEMS
    raise_if_any([*problems[:_MOST_PROBLEMS]] + ([Problem(f"and {more} more of the kind")] if more > 0 else []))
