"""Defines `mswal-bench data`, which gets data to work with. One file per command."""

from __future__ import annotations

import click

from .check import check
from .download import download
from .phantom import phantom
from .prepare import prepare
from .stats import stats


@click.group()
def data() -> None:
    """Get data to work with."""


for command in (check, download, phantom, prepare, stats):
    data.add_command(command)
