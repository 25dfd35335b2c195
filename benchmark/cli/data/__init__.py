"""Defines `mswal-bench data`, which gets data to work with. One file per command."""

from __future__ import annotations

import click

from mswal_bench.benchmark.cli.help_pages import BenchGroup

from .check import check
from .download import download
from .phantom import phantom
from .prepare import prepare
from .stats import stats


@click.group(
    cls=BenchGroup,
    examples=(
        ("try everything without a download", "mswal-bench data phantom phantom --train 5 --test 2 --size tiny"),
        ("see what is in it", "mswal-bench data stats phantom"),
    ),
)
def data() -> None:
    """Get a data set, check it, and count what is in it."""


for command in (download, phantom, prepare, check, stats):
    data.add_command(command)
