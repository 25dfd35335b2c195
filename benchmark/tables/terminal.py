"""Draws a table with characters for a terminal; the best numbers are bold where the terminal can show it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from textwrap import wrap

from .terminal_letters import as_printed
from .view import Alignment, Cell, TableView, alignments, shown_notes

_BOLD, _UNDERLINE, _RESET = "\x1b[1m", "\x1b[4m", "\x1b[0m"
_GAP = "  "
_NUMBER_WIDTH = 6  # as "100.00", so that tables of two runs have columns of the same width
# A longer name is cut: a table of seven methods would fit no screen.
_NAME_WIDTH = 22


def terminal_table(view: TableView, *, ansi: bool, width: int | None) -> str:
    """Returns the table as lines of text; groups that do not fit into `width` characters side by side follow below.

    Names too long for their columns are cut in the middle and repeated in full below the table. With `ansi`, the best
    number is bold and the second best underlined.
    """
    view = _printable(view)
    names = [as_printed(name) for name in _short_names(view.groups)]
    label_width = max(len(label) for label in (view.corner, *(row.label for row in view.rows)))
    columns = _column_widths(view, names)
    lines = [view.warning, ""] if view.warning else []
    lines += [f"{view.title.name}. {view.title.caption}", ""] if view.title is not None else []
    lines = [part for line in lines for part in (wrap(line, width) if width is not None and line else [line])]
    for number, block in enumerate(_blocks([_width(group) for group in columns], label_width, width)):
        lines += ([""] if number else []) + _block(view, names, block, columns, label_width, ansi)
    full = [f"{short} = {name}" for short, name in zip(names, view.groups, strict=True) if short != name]
    return "\n".join([*lines, "", *full, *(shown_notes(view) if ansi else view.notes)]).rstrip("\n")


def terminal_width() -> int | None:
    """How many characters are in a line of the terminal; None where stdout is none, and has all the room."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _printable(view: TableView) -> TableView:
    """Replaces letters that stdout lacks before columns are measured, for a look-alike may be longer."""
    rows = [
        replace(
            row,
            label=as_printed(row.label),
            cells=tuple(replace(cell, text=as_printed(cell.text)) for cell in row.cells),
        )
        for row in view.rows
    ]
    return replace(view, groups=tuple(map(as_printed, view.groups)), rows=tuple(rows))


def _short_names(groups: Sequence[str]) -> list[str]:
    names: list[str] = []
    for number, group in enumerate(groups, start=1):
        if len(group) <= _NAME_WIDTH:
            names.append(group)
            continue
        # Long names of one family may differ in their middle alone; the number tells them apart.
        tag = f"[{number}] "
        half = (_NAME_WIDTH - len(tag) - 1) // 2
        names.append(f"{tag}{group[:half]}…{group[-half:]}")
    return names


def _column_widths(view: TableView, names: Sequence[str]) -> list[list[int]]:
    """Returns the widths of each group's columns."""
    widths: list[list[int]] = []
    start = 0
    for name, heads in zip(names, view.columns, strict=True):
        widths.append([])
        for column, head in enumerate(heads, start=start):
            texts = [_plain(cell, _superscript_width(view, column)) for cell in _column(view, column)]
            least = _NUMBER_WIDTH if any("." in text for text in texts) else 0
            widths[-1].append(max(least, len(head), *map(len, texts)))
        # The first column takes what a long name needs, so that the numbers of a group stay together.
        widths[-1][0] += max(0, len(name) - _width(widths[-1]))
        start += len(heads)
    return widths


def _width(columns: Sequence[int]) -> int:
    return sum(columns) + len(_GAP) * (len(columns) - 1)


def _column(view: TableView, column: int) -> list[Cell]:
    return [row.cells[column] for row in view.rows]


def _superscript_width(view: TableView, column: int) -> int:
    return max((len(cell.superscript) for cell in _column(view, column)), default=0)


def _blocks(widths: Sequence[int], label_width: int, width: int | None) -> list[list[int]]:
    """Returns which groups stand side by side; each block has at least one, however narrow the terminal."""
    blocks: list[list[int]] = []
    used = 0
    for index, group_width in enumerate(widths):
        if not blocks or (width is not None and used + len(_GAP) + group_width > width):
            blocks.append([])
            used = label_width
        blocks[-1].append(index)
        used += len(_GAP) + group_width
    return blocks


def _block(
    view: TableView,
    names: Sequence[str],
    block: Sequence[int],
    columns: Sequence[Sequence[int]],
    label_width: int,
    ansi: bool,
) -> list[str]:
    starts = [sum(map(len, columns[:index])) for index in range(len(columns))]
    shown = [(starts[index] + place, width) for index in block for place, width in enumerate(columns[index])]
    side = alignments(view)
    heads = [head for index in block for head in view.columns[index]]
    rule = "─" * (label_width + sum(len(_GAP) + width for _, width in shown))
    lines = [_line("", label_width, [names[index].rjust(_width(columns[index])) for index in block])]
    if not any(view.groups):
        lines = []
    titles = [
        _cell(Cell(head), width, _superscript_width(view, column), side[column], ansi)
        for head, (column, width) in zip(heads, shown, strict=True)
    ]
    lines += [_line(view.corner, label_width, titles), rule]
    for row in view.rows:
        lines += [rule] if row.is_average else []
        cells = [
            _cell(row.cells[column], width, _superscript_width(view, column), side[column], ansi)
            for column, width in shown
        ]
        lines.append(_line(row.label, label_width, cells))
    return lines


def _line(label: str, label_width: int, texts: Sequence[str]) -> str:
    return _GAP.join([label.ljust(label_width), *texts]).rstrip()


def _cell(cell: Cell, width: int, superscript_width: int, side: Alignment, ansi: bool) -> str:
    plain = _plain(cell, superscript_width)
    # Every row keeps room for the widest superscript, so that the numbers stand above each other.
    placed = _placed(plain, width, "right" if superscript_width else side)
    mark = _BOLD if cell.best else _UNDERLINE if cell.second else ""
    return placed.replace(cell.text, f"{mark}{cell.text}{_RESET}", 1) if ansi and mark else placed


def _plain(cell: Cell, superscript_width: int) -> str:
    return f"{cell.text} {cell.superscript.ljust(superscript_width)}" if superscript_width else cell.text


def _placed(text: str, width: int, side: Alignment) -> str:
    return {"left": text.ljust, "center": text.center, "right": text.rjust}[side](width)
