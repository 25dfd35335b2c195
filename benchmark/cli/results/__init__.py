"""`mswal-bench results`: the records of evaluated submissions. One file per command."""

from __future__ import annotations

import click

from mswal_bench.benchmark.cli.board.results_list import list_records
from mswal_bench.benchmark.cli.board.results_verify import verify


@click.group()
def results() -> None:
    """List and verify the records of evaluated submissions."""


for command in (list_records, verify):
    results.add_command(command)
