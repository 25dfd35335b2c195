"""Prints a score table the way the terminal can show it."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..scoring.score_table import ScoreTable
    from ..scoring.table_formats import TableFormat


def print_table(table: ScoreTable, style: TableFormat = "table") -> None:
    """Prints `table` to stdout; bold and underlined on a terminal, broken to its width."""
    from ..scoring.table_formats import format_table

    at_terminal = sys.stdout.isatty()
    ansi = at_terminal and not os.environ.get("NO_COLOR")
    width = shutil.get_terminal_size().columns if at_terminal else None
    click.echo(format_table(table, style, ansi=ansi, width=width))
