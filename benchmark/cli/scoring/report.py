"""Defines `mswal-bench report`, which writes a table, a picture and a page."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.help_pages import BenchCommand


@click.command(
    cls=BenchCommand,
    short_help="Write a table, a picture and pages of predictions.",
    examples=(("of a run", "mswal-bench report runs/nnunet-v2 --data phantom --out report"),),
)
@click.argument("predictions", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--data",
    "raw",
    required=True,
    type=click.Path(path_type=Path),
    help="The data set whose test cases were predicted.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write to.")
@click.option("--case", help="The case in the picture; by default the one that shows most lesion types.")
@click.option(
    "--cases",
    "worst",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Of how many worst cases of each method and lesion type pages are written; 0 writes none. A page has at most "
    "3 MB, and they are of at most 100 cases.",
)
def report(predictions: tuple[Path, ...], raw: Path, out: Path, case: str | None, worst: int) -> None:
    """Score PREDICTIONS on a data set's test cases; write a table, a picture and HTML pages to --out.

    The table leads to the worst cases, of which each has a page: its lesions, matched, missed and false, in three
    planes and in 3D.

    PREDICTIONS are folders of predictions, methods named after their folders, or work folders of runs. What cannot be
    scored is left out, named, and makes the command exit with 1.
    """
    from mswal_bench.benchmark.core.errors import raise_if_any
    from mswal_bench.benchmark.figures.report_page import write_report

    from .table_output import print_scores

    result = write_report(predictions, raw, out, case=case, worst=worst)
    print_scores(result)
    click.echo(f"page: {out / 'index.html'}\npicture: {out / 'slice.png'}")
    raise_if_any(result.problems)
