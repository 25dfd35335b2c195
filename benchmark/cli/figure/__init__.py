"""`mswal-bench figure`: figures in the shape of the paper's. One file per command."""

from __future__ import annotations

import click

from mswal_bench.benchmark.cli.paper.figure_qualitative import qualitative


@click.group()
def figure() -> None:
    """Draw figures in the shape of the paper's."""


figure.add_command(qualitative)
