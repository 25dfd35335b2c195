"""Writes the score table in a format: for the terminal, Markdown, LaTeX, CSV or JSON."""

from __future__ import annotations

import csv
import io
from typing import Literal

from tabulate import tabulate

from .details_table import DETAIL_COLUMNS, details_table
from .markup import latex_text, markdown_text
from .score_result import fraction_cell, scores_json
from .score_table import ScoreTable
from .table_view import METRICS, Cell, Row, TableView, table_view
from .terminal_table import terminal_table

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
    return f"{text}\n\n{details_table(table, style)}" if table.has_details else text


def format_view(
    view: TableView, style: Literal["table", "markdown", "latex"], *, ansi: bool = False, width: int | None = None
) -> str:
    """Any table that is laid out, as text; `ansi` and `width` are for the terminal's."""
    if style == "table":
        return terminal_table(view, ansi=ansi, width=width)
    return _markdown(view) if style == "markdown" else _latex(view)


def _markdown(view: TableView) -> str:
    headers = [view.corner, *(f"{markdown_text(group)} {metric}" for group in view.groups for metric in view.metrics)]
    rows = [[row.label, *(_markdown_cell(cell) for cell in row.cells)] for row in view.rows]
    alignment = ("left", *("right" for _ in headers[1:]))
    body = tabulate(rows, headers, tablefmt="pipe", disable_numparse=True, colalign=alignment)
    # Two spaces at the end of a line are a line break.
    return body + "\n\n" + "  \n".join(markdown_text(note) for note in view.notes)


def _markdown_cell(cell: Cell) -> str:
    if cell.best:
        return f"**{cell.text}**"
    return f"<u>{cell.text}</u>" if cell.second else cell.text


def _latex(view: TableView) -> str:
    span = len(view.metrics)
    starts = [2 + span * index for index in range(len(view.groups))]
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{tabular}{l" + "r" * span * len(view.groups) + "}",
        r"\toprule",
        " & ".join(["", *(rf"\multicolumn{{{span}}}{{c}}{{{latex_text(group)}}}" for group in view.groups)]) + r" \\",
        " ".join(rf"\cmidrule(lr){{{start}-{start + span - 1}}}" for start in starts),
        " & ".join([view.corner, *(metric for _ in view.groups for metric in view.metrics)]) + r" \\",
        r"\midrule",
    ]
    for row in view.rows:
        lines += [r"\midrule"] if row.is_average else []
        lines.append(_latex_row(row))
    lines += [r"\bottomrule", r"\end{tabular}", "", r"\smallskip", r"{\footnotesize"]
    return "\n".join([*lines, *(latex_text(note) + r"\\" for note in view.notes), "}"])


def _latex_row(row: Row) -> str:
    return " & ".join([latex_text(row.label), *(_latex_cell(cell) for cell in row.cells)]) + r" \\"


def _latex_cell(cell: Cell) -> str:
    text = latex_text(cell.text)
    if cell.best:
        return rf"\textbf{{{text}}}"
    return rf"\underline{{{text}}}" if cell.second else text


def _csv(table: ScoreTable) -> str:
    """One row per method and class, then the method's average under the class `average`; empty where undefined."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    details = DETAIL_COLUMNS if table.has_details else ()
    keys = [column.key for column in details]
    writer.writerow(["method", "class", *METRICS, "tp", "fp", "fn", "f1_per_case", "cases", *keys])
    for name, method in table.methods.items():
        for key, score in method.classes.items():
            ratios = fraction_cell(score.dsc), fraction_cell(score.f1)
            lesions = score.tp, score.fp, score.fn
            of_class = method.details[key] if method.details is not None else None
            more = [fraction_cell(column.value(of_class)) for column in details if of_class is not None]
            writer.writerow([name, key, *ratios, *lesions, fraction_cell(score.f1_per_case), score.cases, *more])
        mean = method.average
        ratios = fraction_cell(mean.dsc), fraction_cell(mean.f1)
        row = [name, "average", *ratios, "", "", "", fraction_cell(mean.f1_per_case), "", *("" for _ in keys)]
        writer.writerow(row)
    return text.getvalue().rstrip("\n")
