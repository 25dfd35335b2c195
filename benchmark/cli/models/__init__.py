"""Defines `mswal-bench model`, which hands trained methods on. One file per command."""

from __future__ import annotations

import click

from .export import export
from .import_zip import import_zip
from .push import push
from .show import show
from .verify import verify


@click.group()
def model() -> None:
    """Hand trained methods on, as bundles that can be checked."""


for command in (export, import_zip, push, show, verify):
    model.add_command(command)
