"""Writes the score table in a format: for the terminal, Markdown, LaTeX, CSV or JSON."""

from __future__ import annotations

import csv
import io
from typing import Literal

from mswal_bench.benchmark.tables.formats import format_view

from .details_table import DETAIL_COLUMNS, details_table
from .score_result import fraction_cell, scores_json
from .score_table import ScoreTable
from .score_view import METRICS, table_view

TableFormat = Literal["table", "markdown", "latex", "csv", "json"]


def format_table(table: ScoreTable, style: TableFormat, *, ansi: bool = False, width: int | None = None) -> str:
    """The table as text, without a newline at its end.

    `ansi` marks the best and second best of a terminal table with bold and underline; `width`, in characters, breaks it
    into several when it is wider. Markdown and LaTeX always carry the marks; CSV and JSON are data and have fractions.
    A table with details is followed by a second one with them; in CSV they are more columns.
    """
    if style == "json":
        return scores_json(table).rstrip("\n")
    if style == "csv":
        return _csv(table)
    text = format_view(table_view(table), style, ansi=ansi, width=width)
    return f"{text}\n\n{details_table(table, style, width)}" if table.has_details else text


def _csv(table: ScoreTable) -> str:
    """One row per method and class, then the method's average under the class `average`; empty where undefined.

    `left_out` is how many cases of the method could not be scored, `comparable` 0 where that is so of any method.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    details = DETAIL_COLUMNS if table.has_details else ()
    keys = [column.key for column in details]
    heads = ["method", "class", *METRICS, "tp", "fp", "fn", "f1_per_case", "cases", "left_out", "comparable"]
    writer.writerow([*heads, *keys])
    for name, method in table.methods.items():
        whole = (len(method.failed), int(table.is_whole))
        for key, score in method.classes.items():
            ratios = fraction_cell(score.dsc), fraction_cell(score.f1)
            lesions = score.tp, score.fp, score.fn
            of_class = method.details[key] if method.details is not None else None
            more = [fraction_cell(column.value(of_class)) for column in details if of_class is not None]
            writer.writerow(
                [name, key, *ratios, *lesions, fraction_cell(score.f1_per_case), score.cases, *whole, *more]
            )
        mean = method.average
        ratios = fraction_cell(mean.dsc), fraction_cell(mean.f1)
        row = [name, "average", *ratios, "", "", "", fraction_cell(mean.f1_per_case), "", *whole, *("" for _ in keys)]
        writer.writerow(row)
    return text.getvalue().rstrip("\n")
