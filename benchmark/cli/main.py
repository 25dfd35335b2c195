"""`mswal-bench`: the group of all commands."""

from __future__ import annotations

import sys

import click

from ..errors import BenchError
from .data import data
from .methods import methods
from .report import report
from .run import run
from .runs import runs
from .score import score
from .tables import tables
from .transfer import transfer


class _BenchGroup(click.Group):
    """Shows a BenchError as its sentences, without a traceback, and exits with 1."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except BenchError as error:
            for problem in error.problems:
                click.echo(f"error: {problem}", err=True)
            sys.exit(1)


@click.group(cls=_BenchGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mswal-bench")
def main() -> None:
    """The reference harness for whole-abdomen lesion segmentation on MSWAL."""


for command in (data, methods, run, runs, transfer, score, report, tables):
    main.add_command(command)


if __name__ == "__main__":
    main()
