"""Defines `mswal-bench score`, which scores predictions against reference labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mswal_bench.benchmark.cli.hand_over import Place, cancel_tasks, not_done, place_options, submit, work_off
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.core.errors import Problem, raise_if_any

from .table_output import print_scores, table_format_option

if TYPE_CHECKING:
    from mswal_bench.benchmark.launch.plan_scores import ManyScores
    from mswal_bench.benchmark.scoring.score_formats import TableFormat


@click.command(
    cls=BenchCommand,
    short_help="Score predictions against reference labels.",
    examples=(
        ("one folder of predictions", "mswal-bench score predictions --reference phantom/labelsTs"),
        (
            "two runs in one table, with NSD and HD95",
            "mswal-bench score runs/nnunet-v2 runs/mednext --reference phantom/labelsTs --details --out scores",
        ),
        ("for a paper", "mswal-bench score predictions --reference phantom/labelsTs --format latex"),
    ),
)
@click.argument("predictions", metavar="PRED...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--reference",
    required=True,
    type=click.Path(path_type=Path),
    help="The folder of reference label maps; of files PRED the one of their case.",
)
@table_format_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for scores.json, cases.csv, lesions.csv, and cases/: the score of every case, which is not scored "
    "again.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=None, help="Processes.  [default: one per core]")
@click.option("--allow-missing", is_flag=True, help="Count a case without a prediction as predicted empty.")
@click.option(
    "--details",
    is_flag=True,
    help="Add what is never ranked on: NSD, HD95, precision, recall, F1 by lesion size, volume error. Takes longer.",
)
@click.option("--nnunet-summary", is_flag=True, help="Write nnU-Net's summaries too, OUT/nnunet/METHOD/summary.json.")
@place_options(required=False, tasks="Each PRED")
def score(
    predictions: tuple[Path, ...],
    reference: Path,
    style: TableFormat,
    out: Path | None,
    jobs: int | None,
    allow_missing: bool,
    details: bool,
    nnunet_summary: bool,
    place: Place | None,
) -> None:
    """Score each PRED against the reference: a folder of predictions, a method named after its folder, or the work
    folder of a run, or of one of its goals, such as WORK/fold-0. With a file as the reference PRED is a file too.

    Files are paired by name (CASE.nii.gz, or .nii, .mha, .mhd, .nrrd, .seg.nrrd, .hdr) and must lie on the reference's
    grid, as SimpleITK reads both. Prints DSC and lesion-wise F1 per class under the protocol mswal/1; with several
    folders also their average score and the order of difficulty, and marks the best (bold) and the second best
    (underlined). Classes are those of a dataset.json in the reference's folder or beside it, else MSWAL's seven.

    A file that cannot be scored is left out, named, and makes the command exit with 1; the others are scored. So is
    one of several folders that lacks predictions. Scores that leave cases out are marked as not comparable.

    With --on each PRED is scored by a task of its own into OUT/methods/METHOD, and one more merges them: scores.json,
    cases.csv and lesions.csv in OUT are, byte for byte, those of one call. With --on slurm the tasks are queued, and
    `mswal-bench runs OUT` shows how far they are. The same command again does what is missing, and nothing twice.
    """
    if nnunet_summary and out is None:
        raise click.UsageError("--nnunet-summary needs a folder to write to, --out.")
    if place is not None:
        if out is None or nnunet_summary:
            raise click.UsageError("--on needs a folder to write to, --out, and goes without --nnunet-summary.")
        from mswal_bench.benchmark.launch.plan_scores import ManyScores

        each = [*(["--allow-missing"] if allow_missing else []), *(["--details"] if details else [])]
        each += [] if jobs is None else ["--jobs", str(jobs)]
        _score_as_tasks(ManyScores(predictions, reference, out, tuple(each)), place, style, details)
        return
    from mswal_bench.benchmark.runs.score_methods import score_methods
    from mswal_bench.benchmark.scoring.nnunet_summary import SUMMARIES_FOLDER, SUMMARY_FILE, write_summaries
    from mswal_bench.benchmark.scoring.score_folders import STORE_FOLDER
    from mswal_bench.benchmark.scoring.scores_json import SCORE_FILES

    scores = score_methods(
        predictions, reference, jobs=jobs, allow_missing=allow_missing, details=details, out=out, progress=True
    )
    print_scores(scores, style, details=details)
    if out is not None:
        scores.save(out)
        if nnunet_summary:
            write_summaries(scores, out)
        written = [*SCORE_FILES, f"{STORE_FOLDER}/"]
        written += [f"{SUMMARIES_FOLDER}/METHOD/{SUMMARY_FILE}"] if nnunet_summary else []
        click.echo(f"written to {out}: {', '.join(written)}", err=True)
    raise_if_any(scores.problems)


def _score_as_tasks(asked: ManyScores, place: Place, style: TableFormat, details: bool) -> None:
    from mswal_bench.benchmark.jobs.queue_record import LAUNCH_FOLDER
    from mswal_bench.benchmark.jobs.tasks import TABLE
    from mswal_bench.benchmark.launch.plan_scores import METHODS_FOLDER, plan_scores
    from mswal_bench.benchmark.scoring.saved_scores import load_scores
    from mswal_bench.benchmark.scoring.scores_json import SCORE_FILES, SCORES_FILE
    from mswal_bench.benchmark.scoring.table_files import TABLE_FILES

    if place.cancel:
        cancel_tasks(asked.folder)
        return
    slots = place.slots(["cpu"])
    plan = plan_scores(asked)
    if plan.tasks and not place.is_local:
        submit(plan, place, asked.out)
        return
    problems: list[Problem] = []
    if plan.tasks:
        problems = not_done(work_off(plan, slots))
        # What merging tells of those that failed is told by them.
        own = [problem for problem in problems if not problem.where.startswith(TABLE)]
        problems = own or problems
    if (asked.out / SCORES_FILE).exists():
        print_scores(load_scores(asked.out), style, details=details)
        written = [*SCORE_FILES, *TABLE_FILES, f"{METHODS_FOLDER}/", f"{LAUNCH_FOLDER}/"]
        click.echo(f"written to {asked.out}: {', '.join(written)}", err=True)
    raise_if_any(problems)
