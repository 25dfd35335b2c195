"""`mswal-bench data`: get data to work with. One file per command."""

from __future__ import annotations

import click

from .phantom import phantom


@click.group()
def data() -> None:
    """Get data to work with."""


for command in (phantom,):
    data.add_command(command)
