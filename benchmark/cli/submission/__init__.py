"""`mswal-bench submission`: what a participant hands in. One file per command."""

from __future__ import annotations

import click

from mswal_bench.benchmark.cli.board.submission_init import init


@click.group()
def submission() -> None:
    """Prepare what a participant hands in."""


submission.add_command(init)
