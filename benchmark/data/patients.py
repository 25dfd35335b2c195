"""Reads a data set's table of patients, `patients.csv`: sex and contrast phase of each case.

Before version 0.2 the table was called `cases.csv`, as the rows of scores are. Where there is no `patients.csv`, that
file is read in its place.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.core.regular_files import read_bytes

from .mswal_facts import PHASE

PATIENTS_FILE = "patients.csv"
EARLIER_FILE = "cases.csv"
"""Is the name that versions before 0.2 gave the table."""
_CASE = "case"
_SEXES = {"male": "male", "m": "male", "female": "female", "f": "female"}
_PHASES = {phase.replace("-", " "): phase for phase in PHASE} | {"noncontrast": "non-contrast"}
_KNOWN: Mapping[str, Mapping[str, str]] = {"sex": _SEXES, "phase": _PHASES}
# The columns by which rows of scores are told from a table of patients.
_OF_SCORES = {"method", "class"}


@dataclass(frozen=True)
class Patients:
    """Holds what is recorded of each patient, by case id; cases without a record are not in the mappings."""

    sex: Mapping[str, str] = field(default_factory=dict)
    """Is `male` or `female`."""
    phase: Mapping[str, str] = field(default_factory=dict)
    """Is one of the paper's five contrast phases."""
    problems: tuple[Problem, ...] = ()

    def told_otherwise(self, other: Patients) -> list[str]:
        """Returns the cases, sorted, for which `other` records a sex or a phase that is not recorded here."""
        pairs = ((self.sex, other.sex), (self.phase, other.phase))
        return sorted({case for ours, theirs in pairs for case, value in theirs.items() if ours.get(case) != value})


def patients_file(root: Path) -> Path | None:
    """Returns the table of the data set in `root`: `patients.csv`, or a `cases.csv` that holds no scores, or None."""
    if (root / PATIENTS_FILE).exists():
        return root / PATIENTS_FILE
    return _earlier_file(root)


def read_patients(root: Path, cases: Collection[str]) -> Patients:
    """Reads the table in the folder `root` for the given cases; without a table nothing is recorded.

    It has a column `case` and, where known, `sex` and `phase`; other columns, and rows of other cases, do not matter.
    An empty cell records nothing. A cell that cannot be understood is a problem and records nothing. Beside a
    `patients.csv`, a `cases.csv` that says otherwise is a problem, and does not count.
    """
    path = patients_file(root)
    if path is None:
        return Patients()
    found = _read(path, cases)
    differing = _told_otherwise(root, found, cases)
    if not differing:
        return found
    what = f"does not agree with {PATIENTS_FILE}, which is the one that counts, on {listed(differing)}"
    mend = f"Put what is right into {PATIENTS_FILE} and remove {EARLIER_FILE}."
    return Patients(found.sex, found.phase, (*found.problems, Problem(what, str(root / EARLIER_FILE), mend=mend)))


def taken_over(root: Path, cases: Collection[str], renamed: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Returns the text of the table in `root` as another folder with the given cases needs it, and notes on it.

    Rows of other cases are left out, and ids become those of `renamed` (earlier id -> id); all columns stay. The text
    is empty where there is no table to take. Raises BenchError for a file that cannot be read.
    """
    path = patients_file(root)
    if path is None:
        return "", ()
    columns, rows = _table(path)
    if _CASE not in columns:
        has = f"its columns are {', '.join(columns)}" if columns else "it is empty"
        return "", (f"{path.name} is left out, for it has no column {_CASE!r}: {has}",)
    at = columns.index(_CASE)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        case = renamed.get(_cell(row, at), _cell(row, at))
        if case in cases:
            writer.writerow((*row[:at], case, *row[at + 1 :]))
    every = {_cell(row, at) for row in rows}
    if _told_otherwise(root, _read(path, every), every):
        return text.getvalue(), (f"{EARLIER_FILE} is left out, for it does not agree with {PATIENTS_FILE}",)
    return text.getvalue(), ()


def _earlier_file(root: Path) -> Path | None:
    path = root / EARLIER_FILE
    if not path.exists():
        return None
    try:
        columns, _ = _table(path)
    except BenchError:  # Told when it is read.
        return path
    return None if set(columns) >= _OF_SCORES else path


def _told_otherwise(root: Path, found: Patients, cases: Collection[str]) -> list[str]:
    """The cases of which a `cases.csv` says otherwise than the `patients.csv` beside it, which holds `found`."""
    earlier = _earlier_file(root) if (root / PATIENTS_FILE).exists() else None
    return found.told_otherwise(_read(earlier, cases)) if earlier is not None else []


def _read(path: Path, cases: Collection[str]) -> Patients:
    try:
        columns, rows = _table(path)
    except BenchError as error:
        return Patients(problems=error.problems)
    if _CASE not in columns:
        found = ", ".join(columns) or "an empty file"
        return Patients(problems=(Problem("has no column of case ids", str(path), f"a column {_CASE}", found),))
    at = columns.index(_CASE)
    problems: list[Problem] = []
    by_case: dict[str, list[str]] = {}
    repeated: set[str] = set()
    for row in rows:
        case = _cell(row, at)
        if case in by_case:
            repeated.add(case)
        if case in cases:
            by_case[case] = row
    if repeated:
        mend = "Keep one row for each; the last one is counted."
        problems.append(Problem("has several rows for one case", str(path), found=listed(sorted(repeated)), mend=mend))
    sex, phase = (
        _column(path, {case: _cell(row, columns.index(name)) for case, row in by_case.items()}, name, problems)
        if name in columns
        else {}
        for name in _KNOWN
    )
    return Patients(sex, phase, tuple(problems))


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    """The columns and the rows; no columns of an empty file. Raises BenchError for what is no such file."""
    try:
        rows = list(csv.reader(io.StringIO(read_bytes(path).decode("utf-8-sig"), newline=None)))
    except (OSError, ValueError, csv.Error) as error:
        raise BenchError(Problem(f"cannot be read as a CSV file ({error})", str(path))) from error
    return (rows[0], rows[1:]) if rows else ([], [])


def _cell(row: list[str], at: int) -> str:
    """Empty where the row is too short."""
    return row[at] if at < len(row) else ""


def _column(path: Path, cells: Mapping[str, str], name: str, problems: list[Problem]) -> dict[str, str]:
    """What is understood of a column, by case; for the rest, problems."""
    values: dict[str, str] = {}
    for case, cell in cells.items():
        value = _KNOWN[name].get(re.sub(r"[\s_-]+", " ", cell.strip()).lower().removesuffix(" phase"))
        if value is not None:
            values[case] = value
        elif cell.strip():
            expected = ", ".join(dict.fromkeys(_KNOWN[name].values()))
            problems.append(Problem(f"the {name} of {case} is not known", str(path), expected, cell.strip()))
    return values
