"""`mswal-bench leaderboard`: the public board. One file per command."""

from __future__ import annotations

import click

from mswal_bench.benchmark.cli.board.leaderboard_build import build


@click.group()
def leaderboard() -> None:
    """Make the public board of records."""


leaderboard.add_command(build)
