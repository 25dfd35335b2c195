"""Draws a plain table for a terminal; columns that do not fit follow below, beside the same first columns."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import SEPARATING_LINE, tabulate

from .terminal_letters import as_printed

_GAP = 2
# tabulate makes a column this much wider than its heading.
_HEAD_PADDING = 2
# No column is made narrower; a terminal narrower than that breaks the lines itself.
_NARROWEST = 8

Line = Sequence[str] | str
"""Is a row's cells, or tabulate's `SEPARATING_LINE`. A cell may have several lines."""


def wrapped_table(
    heads: Sequence[str], rows: Sequence[Line], align: Sequence[str], *, width: int | None, keep: int = 1
) -> str:
    """Returns the table, at most `width` characters wide, or as wide as it needs to be where that is None.

    `align` has `left` or `right` for each column. A table that is too wide is broken into parts; the first `keep`
    columns stand in every part and take at most half of the width together. A text too wide for its column goes on in
    the next line of its cell. Leading spaces of cells are kept.
    """
    # Letters that stdout lacks are replaced before columns are measured, for a look-alike may be longer.
    heads = [as_printed(head) for head in heads]
    rows = [row if row == SEPARATING_LINE else [as_printed(cell) for cell in row] for row in rows]
    cells = [row for row in rows if row != SEPARATING_LINE]
    widths = [
        max(_width([heads[column]]) + _HEAD_PADDING, _width([row[column] for row in cells]))
        for column in range(len(heads))
    ]
    if width is None or sum(widths) + _GAP * (len(widths) - 1) <= width:
        return _tabulated(heads, rows, align, range(len(heads)), widths)
    for column in range(keep):
        widths[column] = min(widths[column], max(_NARROWEST, width // 2 // keep))
    kept = sum(widths[:keep]) + _GAP * keep
    parts: list[list[int]] = []
    used = 0
    for column in range(keep, len(heads)):
        widths[column] = min(widths[column], max(_NARROWEST, width - kept))
        if not parts or used + _GAP + widths[column] > width:
            parts.append(list(range(keep)))
            used = kept - _GAP
        parts[-1].append(column)
        used += _GAP + widths[column]
    return "\n\n".join(_tabulated(heads, rows, align, part, widths) for part in parts)


def _width(cells: Sequence[str]) -> int:
    return max((len(line) for cell in cells for line in cell.split("\n")), default=0)


def _tabulated(
    heads: Sequence[str], rows: Sequence[Line], align: Sequence[str], columns: Sequence[int], widths: Sequence[int]
) -> str:
    return tabulate(
        [row if row == SEPARATING_LINE else [_broken(row[column], widths[column]) for column in columns]
         for row in rows],
        [_broken(heads[column], widths[column] - _HEAD_PADDING) for column in columns],
        tablefmt="simple",
        disable_numparse=True,
        colalign=[align[column] for column in columns],
        preserve_whitespace=True,
    )  # fmt: skip


def _broken(cell: str, width: int) -> str:
    """Breaks a cell into lines of at most `width` letters, at spaces, slashes and hyphens where there are any."""
    return "\n".join(part for line in cell.split("\n") for part in _parts(line, width))


def _parts(line: str, width: int) -> list[str]:
    parts = []
    while len(line) > width:
        end = max(line.rfind(" ", 0, width + 1), *(line.rfind(mark, 0, width) + 1 for mark in "/-_,"))
        # A break far to the left would make many short lines.
        end = end if end > width // 2 else width
        parts.append(line[:end].rstrip())
        line = line[end:].lstrip()
    return [*parts, line]
