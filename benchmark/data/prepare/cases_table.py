"""The table that a source may have of its cases, `cases.csv`: sex, phase and the like."""

from __future__ import annotations

import csv
import io

from mswal_bench.benchmark.core.errors import BenchError, Problem

from .found_cases import Source

CASES_TABLE = "cases.csv"
_COLUMN = "case"


def cases_table(found: Source) -> tuple[str, tuple[str, ...]]:
    """The table for the cases that are there, under their ids, and notes on it; `""` where there is none to take.

    Raises BenchError for a file that cannot be read.
    """
    path = found.root / CASES_TABLE
    if not path.exists():
        return "", ()
    try:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, ValueError, csv.Error) as error:
        raise BenchError(Problem(f"cannot be read as a table ({error})", str(path))) from error
    columns = rows[0] if rows else []
    if _COLUMN not in columns:
        has = f"its columns are {', '.join(columns)}" if columns else "it is empty"
        return "", (f"{CASES_TABLE} is left out, for it has no column {_COLUMN!r}: {has}",)
    at = columns.index(_COLUMN)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows[1:]:
        case = found.renamed.get(row[at], row[at]) if at < len(row) else ""
        if case in found.train or case in found.test:
            writer.writerow((*row[:at], case, *row[at + 1 :]))
    return text.getvalue(), ()
