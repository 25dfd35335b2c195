"""Defines `mswal-bench leaderboard build`, which makes the site."""

from __future__ import annotations

import re
from pathlib import Path

import click

from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.cli.organiser_options import organiser_of_option, organiser_option


def _link(context: click.Context, parameter: click.Parameter, link: str | None) -> str | None:
    if link is not None and not re.fullmatch(r"(https?://|mailto:)[^\s<>\"']+", link):
        raise click.BadParameter("is no address that begins with https:// or mailto:")
    return link


@click.command(
    cls=BenchCommand,
    short_help="Make a site of records.",
    examples=(
        ("a site that opens from disk or any host", "mswal-bench leaderboard build results -o site"),
        ("with a table for analysis", "mswal-bench leaderboard build results -o site --parquet"),
        (
            "with the worst cases of each method",
            "mswal-bench leaderboard build results -o site --data phantom --submissions submissions",
        ),
        ("with what methods could reach at most", "mswal-bench leaderboard build results -o site --ceiling ceilings"),
    ),
)
@click.argument("results", type=click.Path(path_type=Path))
@click.option("-o", "--out", "site", required=True, type=click.Path(path_type=Path), help="The folder of the site.")
@click.option("--date", help="Printed at the foot of every page. Without it the same records make the same bytes.")
@click.option(
    "--submit-to",
    metavar="LINK",
    callback=_link,
    help="Where submissions are handed in, https://... or mailto:...: the page on how to submit links to it.",
)
@click.option(
    "--resamples",
    type=click.IntRange(min=100),
    default=10_000,
    show_default=True,
    help="Bootstrap draws, for the stability of ranks.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the draws and of the tests.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The data set of a public track. With --submissions, the pages of its methods lead to their ten worst cases "
    "of each lesion type, in three planes and in 3D. A case has at most 3 MB, a track at most 100 cases.",
)
@click.option(
    "--submissions",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder of the submissions that were evaluated, for --data.",
)
@click.option(
    "--ceiling",
    "ceilings",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder that `ceiling --out` wrote: what methods could reach at most on the cases of a public track, shown "
    "there without a rank. Can be given again.",
)
@click.option(
    "--parquet", is_flag=True, help="Write the table of all results as Parquet too. It needs the extra `parquet`."
)
@organiser_option
def build(
    results: Path,
    site: Path,
    date: str | None,
    submit_to: str | None,
    resamples: int,
    seed: int,
    data: Path | None,
    submissions: Path | None,
    ceilings: tuple[Path, ...],
    parquet: bool,
    organiser: Path | None,
) -> None:
    """Make a site of the records in the folder RESULTS.

    Static files that open from disk or from any host, and ask no other site for anything. A board that is in the folder
    is replaced file by file and opens meanwhile; a folder with anything else in it is refused. Verified is what the
    organiser has signed, and every page names his key. A record that contradicts itself, its rows or its signature is
    refused.

    For analysis, results.csv has a row for each entry, lesion type and metric, and croissant.json describes its columns
    to search engines of data sets. Of a hidden track they have what its records say and no more.
    """
    from mswal_bench.benchmark.board.site.site_pages import build_site

    if (data is None) != (submissions is None):
        raise click.UsageError("--data and --submissions are given together.")
    boards, notes = build_site(
        results,
        site,
        date=date,
        resamples=resamples,
        seed=seed,
        submit_to=submit_to,
        organiser=organiser_of_option(organiser),
        evidence=(data, submissions) if data is not None and submissions is not None else None,
        ceilings=ceilings,
        parquet=parquet,
        progress=True,
    )
    for note in notes:
        click.echo(f"note: {note}", err=True)
    for board in boards:
        click.echo(f"{board.title}: {board.counted}")
    click.echo(f"page: {site / 'index.html'}")
