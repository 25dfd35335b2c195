"""Defines `mswal-bench ceiling`, which measures what methods could reach at most."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mswal_bench.benchmark.cli.choices import Choice, complete_methods
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.core.errors import raise_if_any

from .table_output import print_scores, print_views, table_format_option

if TYPE_CHECKING:
    from mswal_bench.benchmark.scoring.score_formats import TableFormat


@click.command(
    cls=BenchCommand,
    short_help="Measure what a method could reach at most.",
    examples=(
        (
            "two methods, as they would be planned",
            "mswal-bench ceiling nnunet-v2 mednext --data phantom --out ceilings",
        ),
        ("a run that is prepared", "mswal-bench ceiling runs/nnunet-v2 --data phantom"),
    ),
)
@click.argument(
    "methods", metavar="METHOD|WORK...", nargs=-1, required=True, shell_complete=complete_methods(folders=True)
)
@click.option(
    "--data",
    "raw",
    required=True,
    type=click.Path(path_type=Path),
    help="The data set, a folder in nnU-Net's raw layout.",
)
@click.option(
    "--track",
    type=Choice(["public-cv", "official-test"]),
    default="public-cv",
    show_default=True,
    help="Whose cases are measured: the training cases, or the test cases, whose labels must be there.",
)
@table_format_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for cases.csv, lesions.csv, scores.json, the table, lost_lesions.csv, the figure, "
    "lost_lesions.svg and lost_lesions.png, and ceiling.json. `leaderboard build --ceiling` shows it.",
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    default=None,
    help="Processes, of which each takes up to 1 GiB for a long scan.  [default: one per core]",
)
def ceiling(
    methods: tuple[str, ...], raw: Path, track: str, style: TableFormat, out: Path | None, jobs: int | None
) -> None:
    """Measure what METHOD, or the run in the folder WORK, could reach at most, before any network is trained.

    A network sees images and labels resampled to a grid of its own, and its output is resampled back. The reference
    labels go the same way, there and back, as nnU-Net resamples them, voxel for voxel, and are
    scored as predictions are. Lesions that are lost on the way are listed. A network that learns exactly the labels it
    is trained with scores this and not 100.

    WORK is a run that is prepared: its own plans are measured. A METHOD alone is planned for the training cases, under
    the budget `paper`, from the sizes and spacings of their images. No post-processing is applied, and no torch is
    needed.
    """
    from mswal_bench.benchmark.ceilings.ceiling_files import WRITTEN, write_ceilings
    from mswal_bench.benchmark.ceilings.ceilings_text import explanations, lost_views
    from mswal_bench.benchmark.ceilings.method_ceilings import method_ceilings
    from mswal_bench.benchmark.runs.tracks import Track

    ceilings = method_ceilings(methods, raw, track=Track(track), jobs=jobs, progress=True)
    print_scores(ceilings.scores, style)
    if style in ("table", "markdown", "latex"):
        for view in lost_views(ceilings):
            click.echo()
            if view.rows:
                print_views([view], style)
            else:
                click.echo("\n".join(view.notes))
        for sentence in explanations():
            click.echo(f"note: {sentence}", err=True)
    if out is not None:
        write_ceilings(ceilings, out)
        click.echo(f"written to {out}: {', '.join(WRITTEN)}", err=True)
    raise_if_any(ceilings.scores.problems)
