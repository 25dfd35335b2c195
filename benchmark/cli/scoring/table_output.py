"""Prints scores the way the terminal can show them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mswal_bench.benchmark.cli.choices import Choice

if TYPE_CHECKING:
    from mswal_bench.benchmark.scoring.score_formats import TableFormat
    from mswal_bench.benchmark.scoring.scores import Scores
    from mswal_bench.benchmark.tables.formats import ViewFormat
    from mswal_bench.benchmark.tables.view import TableView


table_format_option = click.option(
    "--format",
    "style",
    type=Choice(["table", "markdown", "latex", "csv", "json"]),
    default="table",
    show_default=True,
    help="What is printed; table, markdown and latex are in percent, csv and json hold fractions.",
)
"""Says how a command prints its table."""


def print_scores(scores: Scores, style: TableFormat = "table", *, details: bool = False) -> None:
    """Prints the notes to stderr and the table to stdout; bold and underlined on a terminal, broken to its width.

    Without `details` those that are known are not printed.
    """
    from mswal_bench.benchmark.scoring.score_formats import format_table

    for note in scores.notes:
        click.echo(f"note: {note}", err=True)
    ansi, width = _terminal()
    click.echo(format_table(scores, style, details=details, ansi=ansi, width=width))


def print_views(views: Sequence[TableView], style: ViewFormat) -> None:
    """Prints tables below each other, an empty line between; at a terminal as `print_scores` does."""
    from mswal_bench.benchmark.tables.formats import format_view

    ansi, width = _terminal()
    click.echo("\n\n".join(format_view(view, style, ansi=ansi, width=width) for view in views))


def _terminal() -> tuple[bool, int | None]:
    """Whether to mark with escape codes, and how many characters are in a line; None where it is no terminal."""
    from mswal_bench.benchmark.tables.terminal import terminal_width

    return sys.stdout.isatty() and not os.environ.get("NO_COLOR"), terminal_width()
