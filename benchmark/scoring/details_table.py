"""What is reported and never ranked on, as a table of its own: a method and lesion type a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from typing import Literal

from tabulate import tabulate

from ...metrics.details import ClassDetails
from .score_table import ScoreTable
from .table_view import UNDEFINED, percent

_MM3_PER_ML = 1000


@dataclass(frozen=True)
class _Column:
    above: str
    """The upper line of the heading."""
    below: str
    text: str


def details_table(table: ScoreTable, style: Literal["table", "markdown", "latex"]) -> str:
    """The details of every method, which the table must have, and what the columns mean."""
    rows = []
    headings: list[tuple[str, str]] = []
    for name, lesion, details in _classes(table):
        columns = _columns(details, table)
        headings = [("Method", ""), ("Lesion", ""), *((column.above, column.below) for column in columns)]
        rows.append([name, lesion, *(column.text for column in columns)])
    joint = "\n" if style == "table" else " "
    text = tabulate(
        rows,
        [joint.join(heading).strip(" ") for heading in headings],
        tablefmt={"table": "simple", "markdown": "pipe", "latex": "latex_booktabs"}[style],
        disable_numparse=True,
        colalign=("left", "left", *("right" for _ in headings[2:])),
    )
    # A line break in LaTeX and in Markdown, where two spaces end the line.
    end = {"table": "\n", "markdown": "  \n", "latex": "\\\\\n"}[style]
    return f"{text}\n\n{end.join(_notes(table))}"


def _classes(table: ScoreTable) -> Iterator[tuple[str, str, ClassDetails]]:
    for name, method in table.methods.items():
        for lesion in table.lesion_classes:
            if method.details is not None:
                yield name, lesion.name, method.details[lesion.key]


def _columns(details: ClassDetails, table: ScoreTable) -> list[_Column]:
    limit, tolerance = f"{table.protocol.large_from_mm:g} mm", f"{table.protocol.nsd_tolerance_mm:g} mm"
    return [
        _Column("Precision", "", percent(details.every_size.precision)),
        _Column("Recall", "", percent(details.every_size.recall)),
        _Column("Recall", f"< {limit}", percent(details.small.recall)),
        _Column("Recall", f">= {limit}", percent(details.large.recall)),
        _Column("F1", f"< {limit}", percent(details.small.f1)),
        _Column("F1", f">= {limit}", percent(details.large.f1)),
        _Column("DSC of", "matches", percent(details.matched_dsc)),
        _Column("Volume", "error, ml", _number(details.volume_error_mm3 / _MM3_PER_ML, "+.2f")),
        _Column("|Volume", "error|, ml", _number(details.absolute_volume_error_mm3 / _MM3_PER_ML, ".2f")),
        _Column("NSD", f"{tolerance}", percent(details.nsd)),
        _Column("HD95,", "mm", _number(details.hd95_mm, ".2f")),
        _Column("HD95", "cases", str(details.hd95_cases)),
    ]


def _number(value: float, style: str) -> str:
    return UNDEFINED if isnan(value) else format(value, style)


def _notes(table: ScoreTable) -> list[str]:
    limit = f"{table.protocol.large_from_mm:g} mm"
    return [
        "Reported, never ranked on. Precision, recall and F1 pool the lesions of all cases.",
        f"Size is the longest axial diameter: below {limit} or not; missed lesions by their own, false ones by theirs.",
        "Volume error: predicted less reference volume, mean over the cases where either side has the lesion type.",
        "NSD: mean over those cases too. HD95: mean over the cases where both sides have it, of which a method that",
        "finds little has few.",
    ]
