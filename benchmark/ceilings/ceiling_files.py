"""Writes ceilings to files: as scores are written, with the lesions that are lost and a figure of them."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Final

from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.benchmark.scoring.labels_digest import labels_digest
from mswal_bench.benchmark.scoring.scores_json import SCORE_FILES
from mswal_bench.benchmark.scoring.table_files import TABLE_FILES, write_tables

from .ceiling_record import CEILING_FILE, ROWS, CeilingRecord, MeasuredGrid, MeasuredMethod
from .ceilings import Ceilings
from .ceilings_text import methods_by_grid
from .lost_figure import draw_lost_lesions
from .lost_lesions import LOST_FILE, write_lost_lesions

_FIGURES: Final = ("lost_lesions.svg", "lost_lesions.png")
WRITTEN: Final = (*SCORE_FILES, *TABLE_FILES, LOST_FILE, *_FIGURES, CEILING_FILE)
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
        write_text(out / CEILING_FILE, _record(ceilings, out).model_dump_json(indent=2) + "\n")
    except OSError as error:
        what = f"cannot be written ({error.strerror or error})"
        raise BenchError(Problem(what, str(error.filename or out))) from error


def _record(ceilings: Ceilings, out: Path) -> CeilingRecord:
    scored = next(iter(ceilings.scores.values())).by_case
    labels = {case: each.reference for case, each in scored.items() if each.reference is not None}
    grids = []
    for grid, names in methods_by_grid(ceilings).items():
        methods = [
            MeasuredMethod(
                name=name,
                method=ceilings.of_runs.get(name, name),
                planned="run" if name in ceilings.of_runs else "paper",
            )
            for name in names
        ]
        x, y, z = grid.stored_spacing_mm
        grids.append(MeasuredGrid(spacing_mm=(x, y, z), nnunet_version=grid.version, methods=tuple(methods)))
    return CeilingRecord(
        version=metadata.version("mswal-bench"),
        protocol=ceilings.scores.protocol.id,
        track=ceilings.track.value,
        cases=len(ceilings.scores.case_ids),
        training_cases=ceilings.training_cases,
        reference_digest=labels_digest(labels),
        grids=tuple(grids),
        files={name: file_digest(out / name) for name in ROWS},
    )
