"""Puts ceilings on the boards of the labels that they were measured on: a line for each grid, without a rank."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isnan
from pathlib import Path

from mswal_bench.benchmark.ceilings.ceiling_record import (
    CEILING_FILE,
    ROWS,
    CeilingRecord,
    MeasuredGrid,
    read_ceilings,
)
from mswal_bench.benchmark.ceilings.ceilings_text import lost_said
from mswal_bench.benchmark.ceilings.lost_lesions import LOST_FILE, lost_fates
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.scoring.estimates import Estimate, numbers_of_class
from mswal_bench.benchmark.scoring.scores import MethodScores, Scores

from .boards import Board, in_order
from .entries import Entry, ShownCeiling
from .public_rows import packed


def with_ceilings(boards: Sequence[Board], folders: Sequence[Path]) -> tuple[Board, ...]:
    """Adds the ceilings in `folders`, as `mswal-bench ceiling --out` writes them, to the boards of the same labels.

    Raises BenchError for a folder that cannot be read, that is of no board's labels, or of labels that a track keeps
    back, and where a grid is measured twice.
    """
    problems: list[Problem] = []
    added: dict[str, dict[str, Entry]] = {board.key: {} for board in boards}
    for folder in folders:
        try:
            record, scores = read_ceilings(folder)
        except BenchError as error:
            problems += error.problems
            continue
        digest = (record.protocol, record.reference_digest)
        of_labels = [board for board in boards if (board.protocol, board.reference_digest) == digest]
        problem = _refused(of_labels, folder)
        if problem is not None:
            problems.append(problem)
            continue
        for board in of_labels:
            for entry in _entries(board, record, scores, folder):
                if entry.id in added[board.key]:
                    mend = "Give each grid once."
                    problems.append(Problem(f"{entry.method} is measured twice", str(folder), mend=mend))
                added[board.key][entry.id] = entry
    raise_if_any(problems)
    return tuple(
        replace(board, entries=in_order([*board.entries, *added[board.key].values()])) if added[board.key] else board
        for board in boards
    )


def ceiling_downloads(ceiling: ShownCeiling) -> dict[str, bytes]:
    """What can be downloaded of a ceiling, by name. Tables are packed as those of records."""
    files = {CEILING_FILE: read_bytes(ceiling.folder / CEILING_FILE)}
    return files | {f"{name}.gz": packed(read_bytes(ceiling.folder / name)) for name in ROWS}


def _refused(of_labels: Sequence[Board], folder: Path) -> Problem | None:
    if not of_labels:
        mend = "Measure it on the labels by which the records were made, `--track official-test` for test cases."
        return Problem("no board is of the labels of this ceiling", str(folder), mend=mend)
    hidden = [board.title for board in of_labels if board.hidden]
    if hidden:
        what = f"the labels of this ceiling are kept back by the track {hidden[0]}, and its numbers would tell of them"
        return Problem(what, str(folder), mend="Leave it out, and do not publish it.")
    return None


def _entries(board: Board, record: CeilingRecord, scores: Scores, folder: Path) -> Iterator[Entry]:
    for grid in record.grids:
        method = scores[grid.methods[0].name]
        shown = _shown(grid, record, method, folder)
        name = f"Grid of {shown.voxels}, nnU-Net v{grid.nnunet_version}"
        said = f"{board.key} {record.protocol} {record.reference_digest} {name}"
        yield Entry(
            id=f"ceiling-{hashlib.sha256(said.encode()).hexdigest()[:12]}",
            method=name,
            status="ceiling",
            classes={key: _of_class(method, key) for key in method},
            average={
                "dsc": _estimate(method.average.dsc),
                "f1": _estimate(method.average.f1),
                "f1_per_case": _estimate(method.average.f1_per_case),
            },
            record=None,
            baseline=None,
            ceiling=shown,
        )


def _shown(grid: MeasuredGrid, record: CeilingRecord, method: MethodScores, folder: Path) -> ShownCeiling:
    every = sum(score.tp + score.fn for score in method.values())
    return ShownCeiling(grid, record, lost_said(lost_fates(folder / LOST_FILE, method.name), every), folder)


def _of_class(method: MethodScores, key: str) -> dict[str, Estimate]:
    return {name: _estimate(value) for name, value in numbers_of_class(method, key).items()}


def _estimate(value: float) -> Estimate:
    return Estimate(value=None if isnan(value) else value)
