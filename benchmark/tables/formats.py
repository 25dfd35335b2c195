"""Draws a table view in any of five formats: terminal, Markdown, LaTeX, HTML, CSV."""

from __future__ import annotations

import csv
import io
from typing import Literal

from tabulate import tabulate

from .escaping import markdown_text
from .html import html_table
from .latex import latex_table
from .terminal import terminal_table
from .view import Cell, TableView, alignments, shown_notes

ViewFormat = Literal["table", "markdown", "latex", "html", "csv"]


def format_view(view: TableView, style: ViewFormat, *, ansi: bool = False, width: int | None = None) -> str:
    """Returns the table as text in the format `style`, without a newline at its end.

    `ansi` allows bold and underlined text, and `width` is the width in characters; both are for the terminal alone.
    LaTeX names the packages that it needs in its first line. HTML is a `figure` to put into a page. CSV has the values
    alone, without marks, superscripts and notes.
    """
    if style == "table":
        return terminal_table(view, ansi=ansi, width=width)
    return {"markdown": _markdown, "latex": latex_table, "html": html_table, "csv": _csv}[style](view)


def _markdown(view: TableView) -> str:
    headers = [markdown_text(head) for head in _flat_heads(view)]
    rows = [[markdown_text(row.label), *(_markdown_cell(cell) for cell in row.cells)] for row in view.rows]
    body = tabulate(rows, headers, tablefmt="pipe", disable_numparse=True, colalign=("left", *alignments(view)))
    title = view.title
    above = f"**{markdown_text(view.warning)}**\n\n" if view.warning else ""
    above += f"**{title.name}.** {markdown_text(title.caption)}\n\n" if title is not None else ""
    # Markdown takes two spaces at the end of a line for a line break.
    notes = "  \n".join(markdown_text(note) for note in shown_notes(view))
    return f"{above}{body}\n\n{notes}".rstrip("\n")


def _markdown_cell(cell: Cell) -> str:
    text = markdown_text(cell.text)
    if cell.best:
        text = f"**{text}**"
    elif cell.second:
        text = f"<u>{text}</u>"
    return f"{text}<sup>{markdown_text(cell.superscript)}</sup>" if cell.superscript else text


def _csv(view: TableView) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_flat_heads(view))
    writer.writerows([row.label, *(cell.text for cell in row.cells)] for row in view.rows)
    return text.getvalue().rstrip("\n")


def _flat_heads(view: TableView) -> list[str]:
    """Returns one heading for each column, for formats without headings over several columns."""
    pairs = zip(view.groups, view.columns, strict=True)
    return [view.corner, *(f"{group} {head}".strip() for group, heads in pairs for head in heads)]
