"""Decides which rows of records may be published, and which serve statistics only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mswal_bench.benchmark.board.ranking.score_arrays import ScoreArrays, read_score_arrays
from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.errors import Problem, raise_if_any
from mswal_bench.benchmark.records.record_store import record_folder
from mswal_bench.benchmark.records.record_writing import record_json
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE

from .board_ranks import RANKED
from .boards import Board
from .entries import EntryStatus


def public_files(record: ResultRecord, results: Path) -> dict[str, bytes]:
    """Returns what can be downloaded of a record, by name: of a hidden track no rows, wherever they lie.

    Raises BenchError with every file that is not the one that the record names.
    """
    files = {RECORD_FILE: record_json(record).encode(), "form.json": _form_json(record)}
    if record.hidden:
        return files
    folder = record_folder(results, record.track, record.id)
    problems = []
    for name, digest in record.files.items():
        path = folder / name
        if not path.is_file():
            continue
        if file_digest(path) != digest:
            problems.append(_changed(path))
        files[name] = path.read_bytes()
    raise_if_any(problems)
    return files


def statistics_rows(board: Board, results: Path) -> dict[EntryStatus, ScoreArrays]:
    """Reads the counts of all cases, methods by entry id, of each status all of whose records have their rows at hand.

    Of a hidden board none: how stable its ranks are and what its tests say would tell of its labels. Raises BenchError
    for rows that are not the record's or cannot be read.
    """
    arrays: dict[EntryStatus, ScoreArrays] = {}
    if board.hidden:
        return arrays
    for status in RANKED:
        records = [entry.record for entry in board.of(status) if entry.record is not None]
        paths = _paths(records, results)
        if paths and len(paths) == len(records):
            arrays[status] = read_score_arrays(paths, [lesion.key for lesion in board.classes])
    return arrays


def _paths(records: Sequence[ResultRecord], results: Path) -> Mapping[str, Path]:
    """Record id -> its `cases.csv`, where it is at hand."""
    paths: dict[str, Path] = {}
    problems: list[Problem] = []
    for record in records:
        folder = record_folder(results, record.track, record.id)
        digest = record.files.get(CASES_FILE)
        path = folder / CASES_FILE
        if not path.is_file():
            continue
        if file_digest(path) != digest:
            problems.append(_changed(path))
        paths[record.id] = path
    raise_if_any(problems)
    return paths


def _form_json(record: ResultRecord) -> bytes:
    return (record.form.model_dump_json(indent=2) + "\n").encode()


def _changed(path: Path) -> Problem:
    return Problem("is not the file that the record names", str(path), mend="`mswal-bench results verify` lists more.")
