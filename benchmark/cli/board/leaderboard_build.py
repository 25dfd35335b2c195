"""Defines `mswal-bench leaderboard build`, which makes the site."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option("-o", "--out", "site", required=True, type=click.Path(path_type=Path), help="The folder of the site.")
@click.option("--date", help="Printed at the foot of every page. Without it the same records make the same bytes.")
@click.option(
    "--resamples",
    type=click.IntRange(min=100),
    default=10_000,
    show_default=True,
    help="Bootstrap draws, for the stability of ranks.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the draws and of the tests.")
def build(results: Path, site: Path, date: str | None, resamples: int, seed: int) -> None:
    """Make a site of the records in the folder RESULTS.

    Static files that open from disk or from any host, and ask no other site for anything. A board that is in the folder
    is replaced as a whole; a folder with anything else in it is refused.
    """
    from mswal_bench.benchmark.board.site.site_pages import build_site

    boards = build_site(results, site, date=date, resamples=resamples, seed=seed)
    for board in boards:
        counts = ", ".join(
            f"{len(board.of(status))} {status}" for status in ("verified", "claimed", "reported") if board.of(status)
        )
        click.echo(f"{board.title}: {counts}")
    click.echo(f"page: {site / 'index.html'}")
