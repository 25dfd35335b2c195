"""Defines `mswal-bench model`, which hands trained methods on. One file per command."""

from __future__ import annotations

import click

from mswal_bench.benchmark.cli.help_pages import BenchGroup

from .export import export
from .import_zip import import_zip
from .push import push
from .show import show
from .verify import verify


@click.group(
    cls=BenchGroup,
    examples=(
        ("write a bundle of a run", "mswal-bench model export runs/nnunet-v2 -o nnunet-v2.mswal"),
        ("predict with it", "mswal-bench predict nnunet-v2.mswal scans -o label_maps"),
    ),
)
def model() -> None:
    """Hand trained methods on, as bundles that can be checked."""


for command in (export, import_zip, show, verify, push):
    model.add_command(command)
