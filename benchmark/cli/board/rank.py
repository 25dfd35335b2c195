"""Defines `mswal-bench rank`, which puts methods in order and tells how sure the order is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.cli.organiser_options import organiser_of_option, organiser_option

if TYPE_CHECKING:
    from mswal_bench.benchmark.board.ranking.ranking import RankingFormat


@click.command(
    cls=BenchCommand,
    short_help="Rank methods, with intervals and tests.",
    examples=(
        ("the verified records of a track", "mswal-bench rank results --track phantom"),
        ("methods that were scored, by one lesion type", "mswal-bench rank scores --by class:liver_tumor"),
    ),
)
@click.argument("source", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--track", help="Of a results folder, this track alone.  [default: one ranking a track]")
@click.option(
    "--by",
    "scheme",
    metavar="SCHEME",
    default="mean-rank",
    show_default=True,
    help="mean-rank, dsc, f1, class:KEY (as class:gallstone), mean-then-rank or rank-then-mean.",
)
@click.option(
    "--resamples",
    type=click.IntRange(1, 1_000_000),
    default=10_000,
    show_default=True,
    help="Bootstrap draws of the cases.",
)
@click.option(
    "--permutations",
    type=click.IntRange(1, 1_000_000),
    default=10_000,
    show_default=True,
    help="Draws of each permutation test.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--all-pairs",
    is_flag=True,
    help="Test all methods against one another, not just neighbours and the best 25: long for hundreds of methods.",
)
@click.option(
    "--format",
    "style",
    type=Choice(["table", "markdown", "csv", "json"]),
    default="table",
    show_default=True,
    help="table and markdown are in percent; csv and json hold fractions.",
)
@click.option("--claimed", is_flag=True, help="Rank the claimed records, in place of the verified ones.")
@click.option(
    "--private",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the organiser keeps the rows of hidden tracks.",
)
@organiser_option
def rank(
    source: Path,
    track: str | None,
    scheme: str,
    resamples: int,
    permutations: int,
    seed: int,
    all_pairs: bool,
    style: RankingFormat,
    claimed: bool,
    private: Path | None,
    organiser: Path | None,
) -> None:
    """Rank the methods of SOURCE: a results folder of records, or a folder that `mswal-bench score --out` wrote.

    mean-rank is the benchmark's ranking: by the mean of the ranks of Avg. DSC and Avg. F1. dsc and f1 take one of the
    two; class:KEY the ranks of one class's DSC and F1; mean-then-rank the mean of all cases' DSC and F1;
    rank-then-mean the mean of the ranks on every case. Equal methods share a rank: 1 1 3.

    Beside the ranks stand 95 % bootstrap intervals over the cases, how often each rank is drawn, and permutation tests
    between neighbours and all pairs of the best 25. The same seed draws the same, whoever else is ranked.

    Records of different tracks, protocols, cases or reference labels are never ranked together, nor are verified
    records with claimed ones. Verified is what the organiser has signed; where nothing is signed, what says verified is
    ranked as claimed. A record that contradicts itself, its rows or its signature is refused.
    """
    from mswal_bench.benchmark.board.ranking.rank_source import Draws, rank_folder
    from mswal_bench.benchmark.board.ranking.ranking import format_rankings
    from mswal_bench.benchmark.tables.terminal import terminal_width

    drawn = Draws(resamples, permutations, seed, all_pairs, progress=all_pairs)
    key = organiser_of_option(organiser)
    rankings = rank_folder(source, scheme, drawn, track=track, claimed=claimed, private=private, organiser=key)
    click.echo(format_rankings(rankings, style, width=terminal_width()))
