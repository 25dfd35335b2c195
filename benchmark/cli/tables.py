"""`mswal-bench tables`: the paper's tables."""

from __future__ import annotations

from typing import Literal

import click


@click.command()
@click.argument("table", type=click.Choice(["1"]))
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "markdown", "latex", "html", "csv"]),
    default="text",
    show_default=True,
    help="csv holds the values alone; latex needs booktabs and pifont.",
)
def tables(table: str, style: Literal["text", "markdown", "latex", "html", "csv"]) -> None:
    """Print a TABLE of the paper, every value as the paper prints it.

    1: the public data sets of abdominal CT, compared.
    """
    from ..paper_tables.paper_table import printed_csv, table_1
    from ..paper_tables.table_formats import format_paper_table

    printed = {"1": table_1}[table]()
    click.echo(printed_csv(printed.number).rstrip("\n") if style == "csv" else format_paper_table(printed, style))
