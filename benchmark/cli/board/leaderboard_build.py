"""Defines `mswal-bench leaderboard build`, which makes the site."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option("-o", "--out", "site", required=True, type=click.Path(path_type=Path), help="The folder of the site.")
@click.option(
    "--private",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The organiser's folder with the rows of hidden tracks, for the stability of ranks and for tests. Nothing of "
    "a single case gets into the site.",
)
@click.option("--date", help="Printed at the foot of every page. Without it the same records make the same bytes.")
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
def build(
    results: Path,
    site: Path,
    private: Path | None,
    date: str | None,
    resamples: int,
    seed: int,
    data: Path | None,
    submissions: Path | None,
) -> None:
    """Make a site of the records in the folder RESULTS.

    Static files that open from disk or from any host, and ask no other site for anything. A board that is in the folder
    is replaced as a whole; a folder with anything else in it is refused.
    """
    from mswal_bench.benchmark.board.site.site_pages import build_site

    if (data is None) != (submissions is None):
        raise click.UsageError("--data and --submissions are given together.")
    notes: list[str] = []
    boards = build_site(
        results,
        site,
        private=private,
        date=date,
        resamples=resamples,
        seed=seed,
        evidence=(data, submissions) if data is not None and submissions is not None else None,
        notes=notes,
        progress=True,
    )
    for board in boards:
        counts = ", ".join(
            f"{len(board.of(status))} {status}" for status in ("verified", "claimed", "reported") if board.of(status)
        )
        click.echo(f"{board.title}: {counts}")
    for note in notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"page: {site / 'index.html'}")
