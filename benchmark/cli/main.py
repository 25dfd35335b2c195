"""`mswal-bench`: the group of all commands."""

from __future__ import annotations

import sys
from typing import Any

import click

from ..errors import BenchError
from ..plain_text import plain_text
from ..terminal_letters import print_on_any_terminal
from .data import data
from .entry import STOPPED
from .evaluate import evaluate
from .figure import figure
from .leaderboard import leaderboard
from .manifest import manifest
from .methods import methods
from .rank import rank
from .report import report
from .results import results
from .run import run
from .runs import runs
from .score import score
from .submission import submission
from .tables import tables
from .transfer import transfer
from .validate import validate


class _BenchGroup(click.Group):
    """Prints on any terminal; shows a BenchError as its sentences, without a traceback, and exits with 1; stopped by
    Ctrl-C, exits with 130."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        # Before anything is printed: a help page has dashes too.
        print_on_any_terminal()
        return super().main(*arguments, **options)

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except BenchError as error:
            for problem in error.problems:
                # It may quote files' names and other text of strangers; lines of its own stay lines.
                click.echo("\n".join(map(plain_text, f"error: {problem}".splitlines())), err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            # Commands that can be gone on with say so themselves. The line that ^C stands in is left first.
            click.echo("\nstopped", err=True)
            sys.exit(STOPPED)


@click.group(cls=_BenchGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mswal-bench")
def main() -> None:
    """The reference harness for whole-abdomen lesion segmentation on MSWAL."""


for command in (
    data,
    methods,
    run,
    runs,
    transfer,
    score,
    report,
    tables,
    figure,
    manifest,
    submission,
    validate,
    evaluate,
    results,
    rank,
    leaderboard,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
