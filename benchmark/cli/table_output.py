"""Prints scores the way the terminal can show them."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..scoring.score_result import ScoreResult
    from ..scoring.table_formats import TableFormat


def print_scores(result: ScoreResult, style: TableFormat = "table") -> None:
    """Prints the notes to stderr and the table to stdout; bold and underlined on a terminal, broken to its width."""
    from ..scoring.table_formats import format_table

    at_terminal = sys.stdout.isatty()
    ansi = at_terminal and not os.environ.get("NO_COLOR")
    width = shutil.get_terminal_size().columns if at_terminal else None
    for note in result.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(format_table(result.table, style, ansi=ansi, width=width))
