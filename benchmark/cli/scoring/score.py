"""Defines `mswal-bench score`, which scores predictions against reference labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.core.errors import raise_if_any

if TYPE_CHECKING:
    from mswal_bench.benchmark.scoring.score_formats import TableFormat


@click.command(short_help="Score predictions against reference labels.")
@click.argument("predictions", metavar="PRED...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--reference",
    required=True,
    type=click.Path(path_type=Path),
    help="The folder of reference label maps; of files PRED the one of their case.",
)
@click.option(
    "--format",
    "style",
    type=Choice(["table", "markdown", "latex", "csv", "json"]),
    default="table",
    show_default=True,
    help="table, markdown and latex are in percent; csv and json hold fractions.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for cases.csv, lesions.csv, scores.json, and the score of every case, which is not scored again.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=None, help="Processes.  [default: one per core]")
@click.option("--allow-missing", is_flag=True, help="Count a case without a prediction as predicted empty.")
@click.option(
    "--details",
    is_flag=True,
    help="Add what is never ranked on: NSD, HD95, precision, recall, F1 by lesion size, volume error. Takes longer.",
)
@click.option("--nnunet-summary", is_flag=True, help="Write nnU-Net's summaries too, OUT/nnunet/METHOD/summary.json.")
def score(
    predictions: tuple[Path, ...],
    reference: Path,
    style: TableFormat,
    out: Path | None,
    jobs: int | None,
    allow_missing: bool,
    details: bool,
    nnunet_summary: bool,
) -> None:
    """Score each PRED against the reference: a folder of predictions, a method named after its folder, or the work
    folder of a run, or of one of its goals, such as WORK/fold-0. With a file as the reference PRED is a file too.

    Files are paired by name (CASE.nii.gz, or .nii, .mha, .mhd, .nrrd, .seg.nrrd, .hdr) and must lie on the reference's
    grid, as SimpleITK reads both. Prints DSC and lesion-wise F1 per class under the protocol mswal/1; with several
    folders also their average score and the order of difficulty, and marks the best (bold) and the second best
    (underlined).

    A file that cannot be scored is left out, named, and makes the command exit with 1; the others are scored. So is
    one of several folders that lacks predictions. Scores that leave cases out are marked as not comparable.
    """
    if nnunet_summary and out is None:
        raise click.UsageError("--nnunet-summary needs a folder to write to, --out.")
    from mswal_bench.benchmark.runs.score_methods import score_methods
    from mswal_bench.benchmark.scoring.nnunet_summary import write_summaries

    from .table_output import print_scores

    scores = score_methods(
        predictions, reference, jobs=jobs, allow_missing=allow_missing, details=details, out=out, progress=True
    )
    print_scores(scores, style, details=details)
    if out is not None:
        scores.save(out)
        if nnunet_summary:
            write_summaries(scores, out)
        summaries = ", nnunet/METHOD/summary.json" if nnunet_summary else ""
        click.echo(f"written to {out}: scores.json, cases.csv, lesions.csv{summaries}", err=True)
    raise_if_any(scores.problems)
