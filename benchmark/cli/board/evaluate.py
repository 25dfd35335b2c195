"""Defines `mswal-bench evaluate`, which makes a record of a submission."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mswal_bench.benchmark.cli.hand_over import Place, cancel_tasks, place_options, submit, work_off
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.cli.organiser_options import KEY_VARIABLE, signing_key_of_option
from mswal_bench.benchmark.core.errors import Problem, raise_if_any

if TYPE_CHECKING:
    from mswal_bench.benchmark.records.evaluate_submission import Evaluation
    from mswal_bench.benchmark.records.evaluation_target import EvaluationTarget
    from mswal_bench.benchmark.records.plan_evaluations import ManyEvaluations
    from mswal_bench.benchmark.records.result_record import ResultRecord


@click.command(
    cls=BenchCommand,
    short_help="Score a submission, and add its record to the results.",
    examples=(
        (
            "a claim of your own",
            "mswal-bench evaluate mine --reference phantom/labelsTs --manifest manifest.json --results results",
        ),
        (
            "the organiser's record, signed",
            "mswal-bench evaluate mine --reference phantom/labelsTs --manifest manifest.json --results results "
            "--verified --key organiser",
        ),
    ),
)
@click.argument("submission", type=click.Path(path_type=Path))
@click.option("--reference", required=True, type=click.Path(path_type=Path), help="The folder of reference label maps.")
@click.option("--results", required=True, type=click.Path(path_type=Path), help="The folder that records are added to.")
@click.option(
    "--manifest", type=click.Path(path_type=Path), help="The manifest of the cases.  [default: made of the reference]"
)
@click.option(
    "--track",
    help="Without --manifest: the track; with --private one of the two is needed.  [default: the submission's]",
)
@click.option(
    "--private", type=click.Path(path_type=Path, file_okay=False), help="For a hidden track: where its rows are kept."
)
@click.option("--team", help="For a hidden track: whose budget it is.  [default: the form's address]")
@click.option(
    "--policy",
    type=click.Path(path_type=Path, dir_okay=False),
    help="For a hidden track's first submission: what is shown, and how many a team has (JSON).",
)
@click.option("--verified", is_flag=True, help="Make the organiser's own record, signed; otherwise it is a claim.")
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    envvar=KEY_VARIABLE,
    show_envvar=True,
    help="With --verified: the organiser's private key, which `mswal-bench results keygen` makes once.",
)
@click.option("--allow-missing", is_flag=True, help="Count a case without a prediction as predicted empty.")
@click.option("--jobs", type=click.IntRange(min=1), default=None, help="Processes.  [default: one per core]")
@click.option(
    "--resamples",
    type=click.IntRange(1, 1_000_000),
    default=10_000,
    show_default=True,
    help="Bootstrap draws, for the intervals.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the bootstrap draws.")
@click.option("--nnunet-summary", is_flag=True, help="Write nnU-Net's summary.json beside the rows too.")
@click.option(
    "--work",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --on: a folder, outside of RESULTS, for what becomes of the tasks.",
)
@place_options(required=False, tasks="Each submission")
@click.pass_context
def evaluate(
    context: click.Context,
    submission: Path,
    reference: Path,
    results: Path,
    manifest: Path | None,
    track: str | None,
    private: Path | None,
    team: str | None,
    policy: Path | None,
    verified: bool,
    key: Path | None,
    allow_missing: bool,
    jobs: int | None,
    resamples: int,
    seed: int,
    nnunet_summary: bool,
    work: Path | None,
    place: Place | None,
) -> None:
    """Validate SUBMISSION deeply, score it against the reference and add its record to the results.

    A submission that is not valid gets no record: everything that is wrong with it is listed, as by `mswal-bench
    validate --deep`, and the command exits with 1. One that was recorded before is recognised and not scored again.
    Interrupted, the same command goes on where it stopped. The predictions are copied first, beside the records (of a
    hidden track into PRIVATE), and the copy is what is digested, checked and scored; it is removed at the end.

    RESULTS/records/TRACK/ID gets record.json, cases.csv and lesions.csv, whole or not at all. Of a hidden track it gets
    Avg. DSC and Avg. F1 alone, rounded down to whole points, and those only if one of them is a point above the best
    that the team was shown before; the rest goes to PRIVATE/TRACK/ID. A team has five submissions in all and two within
    30 days, unless --policy says otherwise; PRIVATE/TRACK/ledger.jsonl keeps count. The same predictions again and
    those that are not valid cost nothing. What is wrong with hidden labels is told in PRIVATE/evaluation.log and
    nowhere else. The manifest says whether a track is hidden; without one, it is if --private is given or if it is
    official-test. A hidden track is named by --manifest or --track, not by the submission: budgets are a track's.

    With --verified the record is signed in the same step: record.json.sig lies beside it, and RESULTS/organiser.pub is
    the public key. A record that says verified and has no signature is verified and then signed.

    With --on, SUBMISSION is a folder of submissions, and each is evaluated by a task of its own; one that is refused or
    fails costs the others nothing. With --on slurm the tasks are queued, and `mswal-bench runs WORK` shows how far they
    are. The same command again does what is missing, and nothing twice.
    """
    from mswal_bench.benchmark.records.evaluate_submission import evaluate as evaluated
    from mswal_bench.benchmark.records.evaluation_target import EvaluationTarget, open_for_track
    from mswal_bench.benchmark.records.plan_evaluations import ManyEvaluations
    from mswal_bench.benchmark.records.record_writing import write_summary
    from mswal_bench.benchmark.records.release_policy import read_policy
    from mswal_bench.benchmark.records.result_record import Status
    from mswal_bench.benchmark.records.submission_folder import refuse_several
    from mswal_bench.benchmark.submissions.validation import validation_text

    if verified and key is None:
        mend = "`mswal-bench results keygen` makes one, once."
        raise click.UsageError(f"--verified needs the organiser's private key, --key or {KEY_VARIABLE}. {mend}")
    if not verified:
        # Of the environment it is no mistake: a claim needs none.
        if context.get_parameter_source("key") is ParameterSource.COMMANDLINE:
            raise click.UsageError("--key is of --verified: a claim is not signed.")
        key = None
    if place is not None:
        if work is None:
            raise click.UsageError("--on needs a folder for what becomes of the tasks, --work.")
        named = {"--manifest": manifest, "--private": private, "--policy": policy, "--key": key}
        options = [part for name, path in named.items() if path for part in (name, str(path.absolute()))]
        options += [] if track is None else ["--track", track]
        options += [] if team is None else ["--team", team]
        options += [] if jobs is None else ["--jobs", str(jobs)]
        options += ["--resamples", str(resamples), "--seed", str(seed)]
        flags = {"--verified": verified, "--allow-missing": allow_missing, "--nnunet-summary": nnunet_summary}
        options += [name for name, given in flags.items() if given]
        inputs = tuple(file for file in (manifest, policy) if file is not None)
        _evaluate_as_tasks(ManyEvaluations(submission, reference, results, work, tuple(options), inputs), place)
        return
    if work is not None:
        raise click.UsageError("--work is of --on: one submission is evaluated without it.")
    refuse_several(submission)
    status: Status = "verified" if verified else "claimed"
    hidden = private is not None
    begins_with = None if policy is None else read_policy(policy)
    with open_for_track(submission, reference, manifest, track, private=hidden) as (package, expected):
        signing = None if key is None else signing_key_of_option(key)
        target = EvaluationTarget(expected, reference, results, private, status, signing, team, begins_with)
        outcome = evaluated(
            package,
            target,
            allow_missing=allow_missing,
            jobs=jobs,
            resamples=resamples,
            seed=seed,
            progress=True,
        )
    click.echo(validation_text(outcome.validation), err=outcome.record is not None)
    if outcome.record is None:
        context.exit(1)
    _tell(outcome.record, outcome, target)
    if nnunet_summary:
        write_summary(outcome.record, target)


def _tell(record: ResultRecord, outcome: Evaluation, target: EvaluationTarget) -> None:
    from mswal_bench.benchmark.records.plan_evaluations import RECORD_LINE
    from mswal_bench.benchmark.records.record_store import private_folder, record_folder
    from mswal_bench.benchmark.records.result_record import record_text

    for note in outcome.notes:
        click.echo(f"note: {note}", err=True)
    if not outcome.is_new:
        click.echo("note: this submission was recorded before and is not scored again", err=True)
    if record.hidden and record.status == "claimed":
        # Nobody else can have scored it; what says claimed is believed to be its authors' own.
        click.echo(
            "note: the record is a claim, ranked apart: --verified --key KEY makes the organiser's own", err=True
        )
    click.echo(record_text(record))
    click.echo(f"{RECORD_LINE}{record_folder(target.results, record.track, record.id)}", err=True)
    if target.private is not None and record.hidden:
        click.echo(f"rows: {private_folder(target.private, record.track, record.id)}", err=True)


def _evaluate_as_tasks(asked: ManyEvaluations, place: Place) -> None:
    from mswal_bench.benchmark.records.plan_evaluations import (
        evaluation_tasks,
        plan_evaluations,
        record_of,
        was_refused,
    )

    if place.cancel:
        cancel_tasks(asked.folder)
        return
    slots = place.slots(["cpu"])
    tasks = evaluation_tasks(asked)
    plan = plan_evaluations(asked, tasks)
    if plan.tasks and not place.is_local:
        submit(plan, place, asked.work)
        return
    failed = work_off(plan, slots).failed if plan.tasks else {}
    problems: list[Problem] = []
    for task in tasks:
        if task.key not in failed:
            click.echo(f"{task.name}: record {record_of(asked, task)}")
            continue
        what = "refused" if was_refused(asked, task) else "failed"
        problems.append(Problem(f"{what}: {failed[task.key].removesuffix('.')}", task.name))
    raise_if_any(problems)
