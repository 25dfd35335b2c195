"""Writes the table of scores to files: as text, and for papers and pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.core.whole_files import not_written, write_text

from .score_formats import TableFormat, format_table
from .scored_methods import ScoredMethods

TABLE_FILE: Final = "table.txt"
"""For people."""
TABLE_FILES: Final[Mapping[str, TableFormat]] = {TABLE_FILE: "table", "table.md": "markdown", "table.tex": "latex"}
"""File name -> the format that it is in."""


def write_tables(scores: ScoredMethods, out: Path) -> None:
    """Writes `table.txt`, `table.md` and `table.tex` to the folder `out`, each whole or not at all.

    They are what `mswal-bench score` prints into a file, with the details that are known. Raises BenchError when a file
    cannot be written.
    """
    try:
        for name, style in TABLE_FILES.items():
            write_text(out / name, format_table(scores, style) + "\n")
    except OSError as error:
        raise BenchError(not_written(error, out)) from error
