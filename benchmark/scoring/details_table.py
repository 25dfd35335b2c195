"""What is reported and never ranked on, as a table of its own: a method and lesion type a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Literal

from tabulate import tabulate

from ...metrics.details import ClassDetails
from .markup import latex_text, markdown_text
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
    """The details of every method, which the table must have, and what the columns mean.

    A lesion type that a method's cases have on neither side has no row.
    """
    rows, headings = [], [("Method", ""), ("Lesion", "")]
    for name, lesion, details in _classes(table):
        columns = _columns(details, table)
        headings[2:] = [(column.above, column.below) for column in columns]
        rows.append([name, lesion, *(column.text for column in columns)])
    if style == "table":
        text = _tabulated(headings, rows, "simple", between="\n")
        return f"{text}\n\n" + "\n".join(_notes(table))
    if style == "markdown":
        rows = [[markdown_text(text) for text in row] for row in rows]
        # Two spaces at the end of a line are a line break.
        return f"{_tabulated(headings, rows, 'pipe')}\n\n" + "  \n".join(map(markdown_text, _notes(table)))
    # tabulate escapes what is in the table.
    rows = [[text.replace(UNDEFINED, "--") for text in row] for row in rows]
    notes = "".join(f"{latex_text(note)}\\\\\n" for note in _notes(table))
    return f"{_tabulated(headings, rows, 'latex_booktabs')}\n\n\\smallskip\n{{\\footnotesize\n{notes}}}"


def _tabulated(
    headings: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], style: str, between: str = " "
) -> str:
    alignment = ("left", "left", *("right" for _ in headings[2:]))
    titles = [f"{above}{between}{below}".strip(" ") for above, below in headings]
    return tabulate(rows, titles, tablefmt=style, disable_numparse=True, colalign=alignment)


def _classes(table: ScoreTable) -> Iterator[tuple[str, str, ClassDetails]]:
    for name, method in table.methods.items():
        for lesion in table.lesion_classes:
            if method.details is not None and method.classes[lesion.key].cases:
                yield name, lesion.name, method.details[lesion.key]


def _columns(details: ClassDetails, table: ScoreTable) -> list[_Column]:
    return [
        _Column("Prec.", "", percent(details.every_size.precision)),
        _Column("Recall", "", percent(details.every_size.recall)),
        _Column("Recall", "small", percent(details.small.recall)),
        _Column("Recall", "large", percent(details.large.recall)),
        _Column("F1", "small", percent(details.small.f1)),
        _Column("F1", "large", percent(details.large.f1)),
        _Column("DSC of", "matches", percent(details.matched_dsc)),
        _Column("Volume", "error, ml", _number(details.volume_error_mm3 / _MM3_PER_ML, "+.2f")),
        _Column("Abs. vol.", "error, ml", _number(details.absolute_volume_error_mm3 / _MM3_PER_ML, ".2f")),
        _Column("NSD", f"{table.protocol.nsd_tolerance_mm:g} mm", percent(details.nsd)),
        _Column("HD95", "mm", _number(details.hd95_mm, ".2f")),
        _Column("HD95", "cases", str(details.hd95_cases)),
    ]


def _number(value: float, style: str) -> str:
    return UNDEFINED if isnan(value) else format(value, style)


def _notes(table: ScoreTable) -> list[str]:
    limit = f"{table.protocol.large_from_mm:g} mm"
    return [
        "Reported, never ranked on. Precision, recall and F1 pool the lesions of all cases, as does DSC of matches.",
        f"Small: a longest axial diameter below {limit}, of the reference's lesion where there is one.",
        "Volume error, predicted less reference, and NSD: mean over the cases where either side has the lesion type.",
        "HD95: mean over the cases where both sides have it; a method that finds little has few.",
        *_absent(table),
    ]


def _absent(table: ScoreTable) -> list[str]:
    shown = {lesion for _, lesion, _ in _classes(table)}
    names = [lesion.name.lower() for lesion in table.lesion_classes if lesion.name not in shown]
    return [f"In no case on either side: {', '.join(names)}."] if names else []
