"""Defines `mswal-bench merge`, which makes one table of methods that were scored apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.core.errors import raise_if_any

from .table_output import print_scores, table_format_option

if TYPE_CHECKING:
    from mswal_bench.benchmark.scoring.score_formats import TableFormat


@click.command(
    cls=BenchCommand,
    short_help="Make one table of methods that were scored apart.",
    examples=(("two runs", "mswal-bench merge runs/nnunet-v2/fold-0 runs/mednext/fold-0 --out table"),),
)
@click.argument("folders", metavar="SCORES...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for cases.csv, lesions.csv, scores.json, table.txt, table.md and table.tex.",
)
@table_format_option
def merge(folders: tuple[Path, ...], out: Path, style: TableFormat) -> None:
    """Make one table of the methods in SCORES: folders that `score --out`, `run` (its goals, such as WORK/fold-all) or
    merge wrote.

    No label map is read. scores.json, cases.csv and lesions.csv are, byte for byte, those of one `score` of all methods
    in this order; the tables come on top. All must be scored on the same cases and labels, under one protocol and on
    one track, and each method once.

    A folder without scores, of a job that failed, is left out, named, and makes the command exit with 1; the table of
    the others is written.
    """
    from mswal_bench.benchmark.scoring.merge_scores import merge_into
    from mswal_bench.benchmark.scoring.scores_json import SCORE_FILES
    from mswal_bench.benchmark.scoring.table_files import TABLE_FILES

    scores = merge_into(out, folders)
    print_scores(scores, style, details=True)
    click.echo(f"written to {out}: {', '.join((*SCORE_FILES, *TABLE_FILES))}", err=True)
    raise_if_any(scores.problems)
