"""`mswal-bench results`: the records of evaluated submissions. One file per command."""

from __future__ import annotations

import click

from .list import list_records
from .verify import verify


@click.group()
def results() -> None:
    """List and verify the records of evaluated submissions."""


for command in (list_records, verify):
    results.add_command(command)
