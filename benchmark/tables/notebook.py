"""Draws tables for a notebook, in the colours that the page around them has, be it light or dark."""

from __future__ import annotations

from collections.abc import Sequence

from .html import html_table
from .view import Cell, Row, TableView, Title

# Notebooks give every table a style of their own, which this one outdoes by its class. Lines are drawn in the colour of
# the text, and nothing has a ground of its own: both are the page's.
_STYLE = """\
<style>
.mswal-bench { max-width: 100%; overflow-x: auto; }
.mswal-bench figure { margin: 0 0 1em; }
.mswal-bench table { border-collapse: collapse; border: 0; margin: 0; font-variant-numeric: tabular-nums; }
.mswal-bench caption { caption-side: top; text-align: left; font-weight: bold; padding: .25em 0; }
.mswal-bench :is(th, td) { padding: .2em .7em; border: 0; white-space: nowrap; vertical-align: top; }
.mswal-bench td[style*=left] { white-space: normal; overflow-wrap: anywhere; min-width: 9em; }
.mswal-bench th[scope=colgroup] { text-align: center; }
.mswal-bench thead tr:last-child > * { border-bottom: 1px solid; }
.mswal-bench tbody + tbody tr:first-child > * { border-top: 1px solid; }
.mswal-bench tbody th { font-weight: normal; }
.mswal-bench figcaption { font-size: .9em; max-width: 60em; padding-top: .5em; }
</style>"""


def notebook_html(*views: TableView) -> str:
    """The tables below each other, with a style that holds for them alone. What they say is escaped."""
    return "\n".join(['<div class="mswal-bench">', _STYLE, *(html_table(view) for view in views), "</div>"])


def plain_view(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str] = (),
    *,
    title: Title | None = None,
    words: bool = False,
) -> TableView:
    """Lays out rows of texts without marks; the first text of each says what the row is of."""
    return TableView(
        heads[0],
        ("",),
        (tuple(heads[1:]),),
        tuple(Row(row[0], tuple(map(Cell, row[1:]))) for row in rows),
        tuple(notes),
        title,
        words=words,
    )
