"""Defines `mswal-bench`, the group of all commands."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

import click

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.tables.escaping import plain_text
from mswal_bench.benchmark.tables.terminal_letters import print_on_any_terminal

from . import STOPPED
from .board.evaluate import evaluate
from .board.leaderboard_build import build
from .board.manifest import manifest
from .board.rank import rank
from .board.results import results
from .board.submission_init import init
from .board.validate import validate
from .data import data
from .doctor import doctor
from .help_pages import BenchGroup
from .models import model
from .paper.figure_qualitative import qualitative
from .paper.tables import tables
from .runs.launch import launch
from .runs.methods import methods
from .runs.predict import predict
from .runs.run import run
from .runs.runs import runs
from .runs.transfer import transfer
from .scoring.ceiling import ceiling
from .scoring.merge import merge
from .scoring.report import report
from .scoring.score import score

_NOT_OUR_FAULT = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO,
    errno.ESTALE, errno.EMFILE, errno.ENFILE,
}  # fmt: skip
"""What a disk or a system refuses, wherever it is met; that a file is not there may be a fault of the program."""


class _MainGroup(BenchGroup):
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
            _show(error)
            sys.exit(1)
        except OSError as error:
            if error.errno not in _NOT_OUR_FAULT:
                raise
            where = "" if error.filename is None else os.fsdecode(error.filename)
            _show(BenchError(Problem(f"the system refuses it ({error.strerror or error})", where)))
            sys.exit(1)
        except KeyboardInterrupt:
            # Commands that can be gone on with say so themselves. The line that ^C stands in is left first.
            click.echo("\nstopped", err=True)
            sys.exit(STOPPED)


def _show(error: BenchError) -> None:
    for problem in error.problems:
        # It may quote files' names and other text of strangers; lines of its own stay lines.
        click.echo("\n".join(map(plain_text, f"error: {problem}".splitlines())), err=True)


@click.group(
    cls=BenchGroup,
    examples=(
        (
            "two runs beside the reference",
            "mswal-bench figure qualitative runs/nnunet-v2 runs/mednext --case PHANTOM_0485 --out case.png",
        ),
    ),
)
def figure() -> None:
    """Draw figures in the shape of the paper's."""


@click.group(
    cls=BenchGroup,
    examples=(("a site that opens from disk or any host", "mswal-bench leaderboard build results -o site"),),
)
def leaderboard() -> None:
    """Make the public board of records."""


@click.group(
    cls=BenchGroup,
    examples=(
        (
            "of a folder of label maps",
            "mswal-bench submission init mine --track phantom --method mine --predictions predictions",
        ),
        ("then see what is missing", "mswal-bench validate mine --manifest manifest.json"),
    ),
)
def submission() -> None:
    """Prepare what a participant hands in."""


figure.add_command(qualitative)
leaderboard.add_command(build)
submission.add_command(init)

_SECTIONS = {
    "Data": (data,),
    "Train and predict": (methods, run, launch, runs, transfer, predict, model),
    "Score": (score, merge, report, ceiling),
    "Submit": (submission, validate),
    "Organise a track": (manifest, evaluate, results, rank, leaderboard),
    "Write a paper": (tables, figure),
    "This installation": (doctor,),
}


_COMPLETION = """\
The Tab key can complete commands, options and methods. Your shell needs one line for that. In bash, put it into
~/.bashrc:

\b
eval "$(_MSWAL_BENCH_COMPLETE=bash_source mswal-bench)"

In zsh, put it into ~/.zshrc:

\b
eval "$(_MSWAL_BENCH_COMPLETE=zsh_source mswal-bench)"

In fish, put it into ~/.config/fish/completions/mswal-bench.fish:

\b
_MSWAL_BENCH_COMPLETE=fish_source mswal-bench | source
"""


@click.group(
    cls=_MainGroup,
    sections=_SECTIONS,
    examples=(
        ("a phantom of MSWAL to try everything on", "mswal-bench data phantom phantom --train 5 --test 2 --size tiny"),
        ("score a folder of predictions", "mswal-bench score predictions --reference phantom/labelsTs"),
        ("what a command does", "mswal-bench score --help"),
    ),
    epilog=_COMPLETION,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="mswal-bench")
def main() -> None:
    """The reference harness for whole-abdomen lesion segmentation on MSWAL."""


if __name__ == "__main__":
    main()
