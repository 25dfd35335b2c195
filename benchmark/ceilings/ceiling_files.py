"""Writes ceilings to files: as scores are written, with the lesions that are lost and a figure of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE
from mswal_bench.benchmark.scoring.table_files import TABLE_FILES, write_tables

from .lost_figure import draw_lost_lesions
from .lost_lesions import LOST_FILE, write_lost_lesions
from .method_ceilings import Ceilings

_FIGURES = ("lost_lesions.svg", "lost_lesions.png")
WRITTEN: Final = (CASES_FILE, LESIONS_FILE, "scores.json", *TABLE_FILES, LOST_FILE, *_FIGURES)
"""The names of the files."""


def write_ceilings(ceilings: Ceilings, out: Path) -> None:
    """Writes the files `WRITTEN` to the folder `out`, each whole or not at all.

    `rank`, `merge` and `tables` read them as those of `score`. Raises BenchError when a file cannot be written.
    """
    ceilings.scores.save(out)
    write_tables(ceilings.scores, out)
    try:
        write_lost_lesions(out / LOST_FILE, ceilings.lost)
        draw_lost_lesions(ceilings, [out / name for name in _FIGURES])
    except OSError as error:
        what = f"cannot be written ({error.strerror or error})"
        raise BenchError(Problem(what, str(error.filename or out))) from error
