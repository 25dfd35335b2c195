"""Writes the score table in a format: for the terminal, Markdown, LaTeX, CSV or JSON."""

from __future__ import annotations

import csv
import io
from typing import Literal

from mswal_bench.benchmark.tables.formats import format_view

from .cases_csv import fraction_cell
from .details_table import DETAIL_COLUMNS, details_table
from .score_view import METRICS, table_view
from .scored_methods import ScoredMethods

TableFormat = Literal["table", "markdown", "latex", "csv", "json"]


def format_table(
    scores: ScoredMethods, style: TableFormat, *, details: bool = True, ansi: bool = False, width: int | None = None
) -> str:
    """Writes the table as text, without a newline at its end.

    `ansi` marks the best and second best of a terminal table with bold and underline; `width`, in characters, breaks it
    into several when it is wider. Markdown and LaTeX always carry the marks; CSV and JSON are data and have fractions.
    Of scores that have details a second table with them follows, unless `details` is false; in CSV they are more
    columns.
    """
    if style == "json":
        # pydantic takes as long to import as a small folder to score.
        from .scores_json import summary_json

        return summary_json(scores.summary(details=details)).rstrip("\n")
    details = details and scores.has_details
    if style == "csv":
        return _csv(scores, details=details)
    text = format_view(table_view(scores), style, ansi=ansi, width=width)
    return f"{text}\n\n{details_table(scores, style, width)}" if details else text


def _csv(scores: ScoredMethods, *, details: bool) -> str:
    """One row per method and class, then the method's average under the class `average`; empty where undefined.

    `left_out` is how many cases of the method could not be scored, `comparable` 0 where that is so of any method.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    shown = DETAIL_COLUMNS if details else ()
    keys = [column.key for column in shown]
    heads = ["method", "class", *METRICS, "tp", "fp", "fn", "f1_per_case", "cases", "left_out", "comparable"]
    writer.writerow([*heads, *keys])
    for name, method in scores.items():
        whole = (len(method.failed), int(scores.is_whole))
        for key, score in method.items():
            ratios = fraction_cell(score.dsc), fraction_cell(score.f1)
            lesions = score.tp, score.fp, score.fn
            more = [fraction_cell(column.value(method.details[key])) for column in shown]
            writer.writerow(
                [name, key, *ratios, *lesions, fraction_cell(score.f1_per_case), score.cases, *whole, *more]
            )
        mean = method.average
        ratios = fraction_cell(mean.dsc), fraction_cell(mean.f1)
        row = [name, "average", *ratios, "", "", "", fraction_cell(mean.f1_per_case), "", *whole, *("" for _ in keys)]
        writer.writerow(row)
    return text.getvalue().rstrip("\n")
