"""Draws the table of the transfer experiment, the paper's Table 4 with structures as rows, in every format."""

from __future__ import annotations

import csv
import io
from math import nan

from mswal_bench.benchmark.scoring.cases_csv import fraction_cell
from mswal_bench.benchmark.scoring.score_formats import TableFormat
from mswal_bench.benchmark.tables.formats import format_view
from mswal_bench.benchmark.tables.view import UNDEFINED, Cell, Row, TableView, percent, points

from .transfer import StructureTransfer, TransferRecord


def format_transfer(record: TransferRecord, style: TableFormat, *, width: int | None = None) -> str:
    """The table as text, without a newline at its end; CSV and JSON are data and have fractions."""
    if style == "json":
        return record.model_dump_json(indent=2)
    return _csv(record) if style == "csv" else format_view(transfer_view(record), style, width=width)


def transfer_view(record: TransferRecord) -> TableView:
    """DSC of each structure from scratch and pretrained, and what it grew by, all in percent."""
    return TableView(
        "Structure",
        ("From scratch", "Pretrained", "Improvement"),
        (("DSC",),) * 3,
        tuple(Row(structure.name, _cells(structure)) for structure in record.structures.values()),
        tuple(_notes(record)),
    )


def _cells(structure: StructureTransfer) -> tuple[Cell, ...]:
    scratch, pretrained = (nan if dsc is None else dsc for dsc in (structure.scratch, structure.pretrained))
    return Cell(percent(scratch)), Cell(percent(pretrained)), Cell(_improvement(points(scratch), points(pretrained)))


def _improvement(scratch: float | None, pretrained: float | None) -> str:
    if scratch is None or pretrained is None:
        return UNDEFINED
    # Of the numbers as printed, as in the paper: a row adds up. Adding 0 makes -0 a 0.
    return f"{round(pretrained - scratch, 2) + 0:+.2f}"


def _notes(record: TransferRecord) -> list[str]:
    source = record.start.run
    notes = [
        f"{record.method} on {record.dataset}, {_folds(record.folds)}, budget {record.budget}, seed {record.seed}.",
        f"Pretrained: on {source.dataset}, fold {record.start.fold}, budget {source.budget}. {record.start.fit}.",
        "Both runs have the plans, the budget and the seed in common; the first weights alone differ. One run each: a "
        "difference smaller than another seed makes says nothing.",
    ]
    if any(structure.improvement is None for structure in record.structures.values()):
        notes.append(f"{UNDEFINED}: undefined, for no case has the structure in its reference or its prediction.")
    cases = "1 case" if record.cases == 1 else f"{record.cases} cases"
    return [*notes, f"Percent. Protocol {record.protocol}, {cases}."]


def _folds(folds: list[int]) -> str:
    return f"fold {folds[0]} alone" if len(folds) == 1 else f"{len(folds)} folds"


def _csv(record: TransferRecord) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["structure", "dsc_scratch", "dsc_pretrained", "improvement"])
    for key, structure in record.structures.items():
        values = (structure.scratch, structure.pretrained, structure.improvement)
        writer.writerow([key, *(fraction_cell(nan if value is None else value) for value in values)])
    return text.getvalue().rstrip("\n")
