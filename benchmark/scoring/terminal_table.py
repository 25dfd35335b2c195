"""Draws the score table with characters, marks included where the terminal can show them."""

from __future__ import annotations

from collections.abc import Sequence

from .table_view import Cell, TableView

_BOLD, _UNDERLINE, _RESET = "\x1b[1m", "\x1b[4m", "\x1b[0m"
_GAP = "  "
_NUMBER_WIDTH = 6  # "100.00"
# A name may be wider than its two columns, up to this; more, and a table of seven methods would fit no screen.
_NAME_WIDTH = 22


def terminal_table(view: TableView, *, ansi: bool, width: int | None) -> str:
    """The view as lines of text. What does not fit into `width` characters side by side comes below.

    Names too long for a column are cut in the middle and told in full below the table.
    """
    names = _short_names(view.groups)
    label_width = max(len(view.corner), *(len(row.label) for row in view.rows))
    lines: list[str] = []
    for block in _blocks([_group_width(name, view) for name in names], label_width, width):
        lines += ([""] if lines else []) + _block(view, names, block, label_width, ansi)
    full = [f"{short} = {name}" for short, name in zip(names, view.groups, strict=True) if short != name]
    return "\n".join([*lines, "", *full, *view.notes])


def _short_names(groups: Sequence[str]) -> list[str]:
    names: list[str] = []
    for number, group in enumerate(groups, start=1):
        if len(group) <= _NAME_WIDTH:
            names.append(group)
            continue
        # Long names of one family differ at either end or not at all; the number tells them apart in any case.
        tag = f"[{number}] "
        half = (_NAME_WIDTH - len(tag) - 1) // 2
        names.append(f"{tag}{group[:half]}…{group[-half:]}")
    return names


def _group_width(name: str, view: TableView) -> int:
    count = len(view.metrics)
    return max(len(name), _NUMBER_WIDTH * count + len(_GAP) * (count - 1))


def _blocks(widths: Sequence[int], label_width: int, width: int | None) -> list[list[int]]:
    """Which groups stand side by side; at least one in each block, however narrow the terminal."""
    blocks: list[list[int]] = []
    used = 0
    for index, group_width in enumerate(widths):
        if not blocks or (width is not None and used + len(_GAP) + group_width > width):
            blocks.append([])
            used = label_width
        blocks[-1].append(index)
        used += len(_GAP) + group_width
    return blocks


def _block(view: TableView, names: Sequence[str], block: Sequence[int], label_width: int, ansi: bool) -> list[str]:
    count = len(view.metrics)
    widths = [_group_width(names[index], view) for index in block]
    # The name's surplus goes to the first column, so that the numbers of a group stay together.
    columns = [group - (_NUMBER_WIDTH + len(_GAP)) * (count - 1) for group in widths]
    column_widths = [width for first in columns for width in (first, *[_NUMBER_WIDTH] * (count - 1))]
    rule = "─" * (label_width + sum(len(_GAP) + width for width in widths))
    heads = [metric.rjust(width) for metric, width in zip(view.metrics * len(block), column_widths, strict=True)]
    titles = [names[index].rjust(width) for index, width in zip(block, widths, strict=True)]
    lines = [
        _GAP.join([" " * label_width, *titles]),
        _GAP.join([view.corner.ljust(label_width), *heads]),
        rule,
    ]
    for row in view.rows:
        lines += [rule] if row.is_average else []
        cells = [cell for index in block for cell in row.cells[index * count : (index + 1) * count]]
        texts = [_cell(cell, width, ansi) for cell, width in zip(cells, column_widths, strict=True)]
        lines.append(_GAP.join([row.label.ljust(label_width), *texts]))
    return lines


def _cell(cell: Cell, width: int, ansi: bool) -> str:
    padding = " " * (width - len(cell.text))
    mark = _BOLD if cell.best else _UNDERLINE if cell.second else ""
    return f"{padding}{mark}{cell.text}{_RESET}" if ansi and mark else padding + cell.text
