"""Writes the numbers of all boards as one tidy table: a row for each entry, lesion type and metric.

The table is CSV, and Parquet where that is asked for. A Croissant description tells what its columns mean.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from importlib.util import find_spec
from typing import Any, NamedTuple

from mswal_bench.benchmark.core.croissant import CROISSANT_FILE, Column, DataFile, Table, croissant, croissant_text
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.runs.method_choice import install_advice
from mswal_bench.benchmark.scoring.estimates import Estimate

from .board_ranks import Place
from .boards import Board
from .entries import METRICS, PAPER, Entry

RESULTS_CSV, RESULTS_PARQUET = "results.csv", "results.parquet"
AVERAGE = "average"
"""Stands in the place of a lesion type for the mean over all of them."""

_DECIMALS = 6
_COLUMNS = (
    Column("id", "Text", "The id of its record, paper-METHOD, or ceiling-DIGEST. Its page is methods/ID.html."),
    Column("method", "Text", "The method, as its authors call it."),
    Column(
        "drawn_by",
        "Text",
        "method; people where human raters outlined the lesions; ceiling where the reference labels went to the grid "
        "of a method and back. Only methods are ranked.",
    ),
    Column(
        "status",
        "Text",
        "verified: scored by the organiser; claimed: by others; reported: printed in the paper; ceiling: measured by "
        "who built the board.",
    ),
    Column("track", "Text", "The cases that were predicted. Scores of two tracks do not compare."),
    Column("protocol", "Text", "How they were scored. Scores of two protocols do not compare."),
    Column("reference", "Text", "The first digits of the SHA-256 of the reference labels; empty where not known."),
    Column("date", "Date", "The day on which the record was made; empty without a record."),
    Column("mean_rank", "Integer", "The rank among the methods of its board and status, by Avg. DSC and Avg. F1."),
    Column("lesion", "Text", f"The lesion type, or {AVERAGE}: the unweighted mean over all."),
    Column("metric", "Text", ", ".join(f"{key}: {label}" for key, label in METRICS.items()) + "."),
    Column("value", "Float", "The score, a fraction of 1; empty where it is undefined."),
    Column("low", "Float", "The lower end of its 95 % bootstrap interval over the cases; empty where there is none."),
    Column("high", "Float", "The upper end of that interval."),
)


class Row(NamedTuple):
    """A number of an entry. The fields are the columns."""

    id: str
    method: str
    drawn_by: str
    status: str
    track: str
    protocol: str
    reference: str | None
    date: date | None
    mean_rank: int | None
    lesion: str
    metric: str
    value: float | None
    low: float | None
    high: float | None


def require_parquet() -> None:
    """Raises BenchError where what writes Parquet is not installed."""
    if find_spec("pyarrow") is None:
        what = "Parquet needs a package that is not installed: pyarrow"
        raise BenchError(Problem(what, mend=install_advice("parquet")))


def results_rows(board: Board, places: Mapping[str, Place]) -> list[Row]:
    """The rows of a board in the order of its entries; `places` are those of `mean-rank`.

    A number that is undefined has a row without a value. Of what a hidden track keeps back there is no row.
    """
    rows = []
    reference = board.reference_digest.removeprefix("sha256:")[:12] if board.reference_digest else None
    for entry in board.entries:
        place = places.get(entry.id)
        of_entry = (
            entry.id,
            entry.method,
            entry.group if entry.group in ("people", "ceiling") else "method",
            entry.status,
            board.track,
            board.protocol,
            reference if entry.status != "reported" else None,
            entry.record.created_at.date() if entry.record else None,
            place.rank if place else None,
        )
        for lesion, metric, estimate in _numbers(board, entry):
            if estimate.value is not None or not entry.keeps_back:
                ends = (None if end is None else round(end, _DECIMALS) for end in (estimate.low, estimate.high))
                value = None if estimate.value is None else round(estimate.value, _DECIMALS)
                rows.append(Row(*of_entry, lesion, metric, value, *ends))
    return rows


def results_files(rows: Sequence[Row], *, parquet: bool) -> dict[str, bytes]:
    """Writes the table and its description, by name. The same rows make the same bytes, of one version of pyarrow."""
    tables = {RESULTS_CSV: ("text/csv", _csv(rows))}
    if parquet:
        tables[RESULTS_PARQUET] = ("application/vnd.apache.parquet", _parquet(rows))
    files = {name: content for name, (_, content) in tables.items()}
    return files | {CROISSANT_FILE: croissant_text(_description(rows, tables)).encode()}


def _numbers(board: Board, entry: Entry) -> Iterator[tuple[str, str, Estimate]]:
    for metric, estimate in entry.average.items():
        yield AVERAGE, metric, estimate
    for lesion in board.classes:
        for metric, estimate in entry.classes.get(lesion.key, {}).items():
            yield lesion.key, metric, estimate


def _csv(rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Row._fields)
    writer.writerows(rows)
    return text.getvalue().encode()


def _parquet(rows: Sequence[Row]) -> bytes:
    import pyarrow
    from pyarrow import parquet

    kinds = {"Text": pyarrow.string(), "Integer": pyarrow.int32(), "Float": pyarrow.float64(), "Date": pyarrow.date32()}
    schema = pyarrow.schema([(column.name, kinds[column.kind]) for column in _COLUMNS])
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pyarrow.array(values, each.type) for values, each in zip(columns, schema, strict=True)]
    stream = io.BytesIO()
    parquet.write_table(pyarrow.table(arrays, schema), stream, compression="zstd")
    return stream.getvalue()


def _description(rows: Sequence[Row], tables: Mapping[str, tuple[str, bytes]]) -> dict[str, Any]:
    tracks = ", ".join(dict.fromkeys(row.track for row in rows))
    newest = max((row.date for row in rows if row.date is not None), default=None)
    return croissant(
        "MSWAL leaderboard results",
        "Scores of methods that segment seven types of lesions in abdominal CT: a row for each entry of the "
        f"leaderboard, lesion type and metric, with 95 % intervals where there are any. Tracks: {tracks}.",
        date=None if newest is None else newest.isoformat(),
        citeAs=PAPER,
        files=[
            DataFile.of(name, "A row for each entry, lesion type and metric.", form, content)
            for name, (form, content) in tables.items()
        ],
        tables=[Table("results", "A row for each entry, lesion type and metric.", RESULTS_CSV, _COLUMNS)],
    )
