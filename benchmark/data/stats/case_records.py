"""Reads sex and contrast phase of each case from a data set's `cases.csv`."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mswal_bench.benchmark.core.errors import Problem, listed
from mswal_bench.benchmark.data.mswal_facts import PHASE

FILE = "cases.csv"
_SEXES = {"male": "male", "m": "male", "female": "female", "f": "female"}
_PHASES = {phase.replace("-", " "): phase for phase in PHASE} | {"noncontrast": "non-contrast"}


@dataclass(frozen=True)
class CaseRecords:
    """Case id -> what is recorded of it; a case of which nothing is recorded is not in the mapping."""

    sex: Mapping[str, str] = field(default_factory=dict)
    """`male` or `female`."""
    phase: Mapping[str, str] = field(default_factory=dict)
    """One of the paper's five contrast phases."""
    problems: tuple[Problem, ...] = ()


def read_case_records(root: Path, cases: Collection[str]) -> CaseRecords:
    """Reads `cases.csv` of a raw folder for the given cases; nothing is recorded where there is no such file.

    It is a table with a column `case` and, where known, `sex` and `phase`; other columns, and rows of other cases, do
    not matter. An empty cell records nothing. A cell that cannot be understood is a problem and records nothing.
    """
    path = root / FILE
    if not path.exists():
        return CaseRecords()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            rows, columns = list(table), list(table.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return CaseRecords(problems=(Problem(f"cannot be read as a CSV file ({error})", str(path)),))
    if "case" not in columns:
        found = ", ".join(columns) or "an empty file"
        return CaseRecords(problems=(Problem("has no column of case ids", str(path), "a column case", found),))
    mine = [row for row in rows if row["case"] in cases]
    problems = _repeated(path, [row["case"] for row in mine])
    sex, phase = (
        _column(path, mine, name, known, problems) if name in columns else {}
        for name, known in (("sex", _SEXES), ("phase", _PHASES))
    )
    return CaseRecords(sex, phase, tuple(problems))


def _repeated(path: Path, cases: Sequence[str]) -> list[Problem]:
    repeated = sorted({case for case in cases if cases.count(case) > 1})
    if not repeated:
        return []
    mend = "Keep one row for each; the last one is counted."
    return [Problem("has several rows for one case", str(path), found=listed(repeated), mend=mend)]


def _column(
    path: Path, rows: Sequence[Mapping[str, str | None]], name: str, known: Mapping[str, str], problems: list[Problem]
) -> dict[str, str]:
    values: dict[str, str] = {}
    for row in rows:
        # A row that is too short has None.
        cell = (row[name] or "").strip()
        value = known.get(re.sub(r"[\s_-]+", " ", cell).lower().removesuffix(" phase"))
        if value is not None:
            values[str(row["case"])] = value
        elif cell:
            expected = ", ".join(dict.fromkeys(known.values()))
            problems.append(Problem(f"the {name} of {row['case']} is not known", str(path), expected, cell))
    return values
