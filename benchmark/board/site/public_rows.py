"""Decides which rows of records may be published, and which serve statistics only."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

from mswal_bench.benchmark.board.ranking.record_numbers import check_numbers
from mswal_bench.benchmark.board.ranking.score_arrays import ScoreArrays, read_score_arrays
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.records.record_rows import files_differ, rows_of
from mswal_bench.benchmark.records.record_store import SIGNATURE_FILE, record_folder
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE

from .board_ranks import RANKED
from .boards import Board
from .entries import EntryStatus

_LEVEL = 4
"""Of zlib. Without matches of few digits (Z_FILTERED), a twentieth smaller than level 6, in two thirds of its time."""
_AS_GZIP = 31
"""Is how zlib is told to write the format of gzip, without a name or a time."""


def public_files(record: ResultRecord, results: Path) -> dict[str, bytes]:
    """Returns what can be downloaded of a record, by name: of a hidden track no rows, wherever they lie.

    Its file is given as it lies in `results`, signature and all. Tables are packed with gzip, to a quarter; the same
    table always makes the same bytes. Raises BenchError with every file that is not the one that the record names.
    """
    folder = record_folder(results, record.track, record.id)
    files = {"form.json": _form_json(record)}
    files |= {name: read_bytes(folder / name) for name in (RECORD_FILE, SIGNATURE_FILE) if (folder / name).exists()}
    if record.hidden:
        return files
    raise_if_any(files_differ(record, folder))
    return files | {f"{name}.gz": packed(read_bytes(folder / name)) for name in record.files}


def statistics_rows(board: Board, results: Path) -> dict[EntryStatus, ScoreArrays]:
    """Reads the counts of all cases, methods by entry id, of each status all of whose records have their rows at hand.

    Of a hidden board none: how stable its ranks are and what its tests say would tell of its labels. Raises BenchError
    for rows that are not there, not the record's or cannot be read, and for records whose numbers do not follow from
    them.
    """
    arrays: dict[EntryStatus, ScoreArrays] = {}
    if board.hidden:
        return arrays
    for status in RANKED:
        records = [entry.record for entry in board.of(status) if entry.record is not None]
        rows, paths = _rows(records, results)
        if not paths:
            continue
        arrays[status] = read_score_arrays(paths, [lesion.key for lesion in board.classes])
        check_numbers(rows, arrays[status], paths)
    return arrays


def _rows(records: Sequence[ResultRecord], results: Path) -> tuple[dict[str, ResultRecord], dict[str, Path]]:
    """Record id -> the record, and its `cases.csv`."""
    rows: dict[str, ResultRecord] = {}
    paths: dict[str, Path] = {}
    problems: list[Problem] = []
    for record in records:
        try:
            rows[record.id], paths[record.id] = rows_of(record, results, None)
        except BenchError as error:
            problems += error.problems
    raise_if_any(problems)
    return rows, paths


def packed(table: bytes) -> bytes:
    """Packs a table with gzip; the same table always makes the same bytes."""
    packer = zlib.compressobj(_LEVEL, wbits=_AS_GZIP, strategy=zlib.Z_FILTERED)
    return packer.compress(table) + packer.flush()


def _form_json(record: ResultRecord) -> bytes:
    return (record.form.model_dump_json(indent=2) + "\n").encode()
