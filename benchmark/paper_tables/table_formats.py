"""Writes a table of the paper in a format: for the terminal, Markdown, LaTeX or HTML."""

from __future__ import annotations

from html import escape
from typing import Literal

from tabulate import tabulate

from ..scoring.markup import latex_text, markdown_text
from .paper_table import PaperTable

PaperTableFormat = Literal["text", "markdown", "latex", "html"]

YES, NO = "✓", "✗"
_DINGBATS = {YES: r"\ding{51}", NO: r"\ding{55}"}


def format_paper_table(table: PaperTable, style: PaperTableFormat) -> str:
    """The table as text, without a newline at its end. HTML is a `figure` to be put into a page, LaTeX a `table`."""
    return {"text": _text, "markdown": _markdown, "latex": _latex, "html": _html}[style](table)


def _text(table: PaperTable) -> str:
    body = tabulate(table.rows, table.columns, tablefmt="simple", disable_numparse=True, colalign=_alignment(table))
    return "\n".join([f"Table {table.number}. {table.caption}", "", body, "", *table.notes])


def _markdown(table: PaperTable) -> str:
    rows = [[_markdown_text(cell) for cell in row] for row in table.rows]
    columns = [_markdown_text(column) for column in table.columns]
    body = tabulate(rows, columns, tablefmt="pipe", disable_numparse=True, colalign=_alignment(table))
    # Two spaces at the end of a line are a line break.
    notes = "  \n".join(_markdown_text(note) for note in table.notes)
    return f"**Table {table.number}.** {_markdown_text(table.caption)}\n\n{body}\n\n{notes}"


def _markdown_text(text: str) -> str:
    # What is between two tildes is struck out on GitHub.
    return markdown_text(text).replace("~", r"\~")


def _latex(table: PaperTable) -> str:
    letters = {"left": "l", "center": "c", "right": "r"}
    return "\n".join(
        [
            r"% needs \usepackage{booktabs,pifont}",
            r"\begin{table}",
            r"\centering",
            # Thirteen columns are wider than a column of text at its own size.
            r"\small\setlength{\tabcolsep}{3pt}",
            rf"\caption{{{latex_text(table.caption)}}}",
            rf"\label{{tab:mswal-{table.number}}}",
            rf"\begin{{tabular}}{{{''.join(letters[one] for one in _alignment(table))}}}",
            r"\toprule",
            _latex_row(table.columns),
            r"\midrule",
            *(_latex_row(row) for row in table.rows),
            r"\bottomrule",
            r"\end{tabular}",
            "",
            r"\smallskip",
            r"{\footnotesize",
            *(latex_text(note) + r"\par" for note in table.notes),
            "}",
            r"\end{table}",
        ]
    )


def _latex_row(cells: tuple[str, ...]) -> str:
    return " & ".join(_DINGBATS.get(cell) or latex_text(cell) for cell in cells) + r" \\"


def _html(table: PaperTable) -> str:
    alignment = _alignment(table)
    head = "".join(f'<th scope="col">{escape(column, quote=False)}</th>' for column in table.columns)
    body = []
    for name, *cells in table.rows:
        row = f'<th scope="row" style="text-align: left">{escape(name, quote=False)}</th>'
        for cell, side in zip(cells, alignment[1:], strict=True):
            row += f'<td style="text-align: {side}">{escape(cell, quote=False)}</td>'
        body.append(f"<tr>{row}</tr>")
    return "\n".join(
        [
            "<figure>",
            "<table>",
            f"<caption>Table {table.number}. {escape(table.caption, quote=False)}</caption>",
            f"<thead><tr>{head}</tr></thead>",
            "<tbody>",
            *body,
            "</tbody>",
            "</table>",
            f"<figcaption>{'<br>'.join(escape(note, quote=False) for note in table.notes)}</figcaption>",
            "</figure>",
        ]
    )


def _alignment(table: PaperTable) -> tuple[str, ...]:
    """Of each column: names left, ticks and crosses centred, numbers right."""
    sides = []
    for index in range(1, len(table.columns)):
        ticks = all(row[index] in (YES, NO) for row in table.rows)
        sides.append("center" if ticks else "right")
    return ("left", *sides)
