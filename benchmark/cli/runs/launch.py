"""Defines `mswal-bench launch`, which hands many runs to a cluster or to the GPUs of this machine."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.baselines.method import Budget
from mswal_bench.benchmark.cli.choices import Choice, complete_methods
from mswal_bench.benchmark.cli.hand_over import Place, cancel_tasks, not_done, place_options, submit, work_off
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.core.errors import raise_if_any
from mswal_bench.benchmark.runs.tracks import ALL_FOLDS, Track

from .training_options import Folds


@click.command(
    cls=BenchCommand,
    short_help="Run many methods on a cluster or on all GPUs, to one table.",
    examples=(
        ("what it would take", "mswal-bench launch all --data mswal --work runs --on slurm --dry-run"),
        (
            "try it out on this machine",
            "mswal-bench launch nnunet-v2 inception-nnunet-II --data phantom --work runs --on local "
            "--devices cpu --budget smoke --fold 0",
        ),
    ),
)
@click.argument("names", metavar="METHOD...", nargs=-1, shell_complete=complete_methods(["all"]))
@click.option("--data", "raw", type=click.Path(path_type=Path), help="A data set in nnU-Net's raw layout.")
@click.option(
    "--work", "root", required=True, type=click.Path(path_type=Path), help="The folder of the runs, WORK/METHOD each."
)
@click.option(
    "--track",
    type=Choice([track.value for track in Track]),
    default=Track.OFFICIAL_TEST.value,
    show_default=True,
    help="official-test: the test images. public-cv: each training case, by the fold that held it out.",
)
@click.option(
    "--fold", metavar="FOLD", type=Folds(), default=ALL_FOLDS, show_default=True, help="0 to 4, several (0,1) or all."
)
@click.option(
    "--budget",
    type=Choice([budget.value for budget in Budget]),
    default=Budget.PAPER.value,
    show_default=True,
    help="paper: what the authors set. demo, smoke: small networks, to try it out.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all that is drawn at random."
)
@click.option(
    "--cases",
    "cases_a_shard",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="How many cases one task predicts.",
)
@click.option("--no-check", is_flag=True, help="Do not read every image and label first.")
@click.option("--dry-run", is_flag=True, help="Show what would be done and what it would take, and do nothing.")
@place_options(required=True, tasks="Each step")
def launch(
    names: tuple[str, ...],
    raw: Path | None,
    root: Path,
    track: str,
    fold: str,
    budget: str,
    seed: int,
    cases_a_shard: int,
    no_check: bool,
    dry_run: bool,
    place: Place,
) -> None:
    """Train each METHOD on a data set, predict, score, and make one table of all.

    METHOD is one that `mswal-bench methods` lists, a variant of one (inception-nnunet-II), or `all`. The data set is
    checked once and prepared once for all methods that prepare it alike; each fold, and each share of the cases to
    predict, is a task of its own. The bytes are those that `run` gives.

    With --on slurm all tasks are queued, and the command ends: the cluster does the rest. At its time limit a training
    keeps its checkpoint and is queued again. `mswal-bench runs WORK` shows how far it is. Called again, the command
    queues what is missing, failed tasks too, and nothing twice; with --cancel and no METHOD it takes all that is queued
    for WORK out of the queue. With --on local the tasks are done here.

    What a task asks of the cluster is said by options, by the environment, or for each kind of task by a cluster.yaml.
    """
    from mswal_bench.benchmark.jobs.queue_record import LAUNCH_FOLDER

    if place.cancel:
        if names:
            raise click.UsageError("--cancel is of all that is queued for WORK, and goes with no METHOD.")
        if dry_run:
            raise click.UsageError("--dry-run is of a launch; --cancel takes out of the queue what is there.")
        cancel_tasks(root / LAUNCH_FOLDER)
        return
    if not names or raw is None:
        raise click.UsageError("METHOD and --data are needed.")
    from mswal_bench.benchmark.jobs.tasks import TABLE, Kind
    from mswal_bench.benchmark.launch.estimate import estimates
    from mswal_bench.benchmark.launch.launched_methods import launched_methods
    from mswal_bench.benchmark.launch.plan_launch import Launch, plan_launch, planned_runs
    from mswal_bench.benchmark.launch.plan_text import plan_text
    from mswal_bench.benchmark.launch.running_steps import RunningSteps
    from mswal_bench.benchmark.scoring.table_files import TABLE_FILE

    slots = place.slots()

    def device_of(kind: Kind) -> str:
        on_gpu = slots[0].is_gpu if slots else place.settings.request(kind, place.request).gpus
        return "cuda" if on_gpu else "cpu"

    asked = Launch(
        methods=launched_methods(names),
        raw=raw,
        root=root,
        budget=Budget(budget),
        track=Track(track),
        selection=fold,
        seed=seed,
        device=device_of(Kind.TRAIN),
        prediction_device=device_of(Kind.PREDICT),
        cases_a_shard=cases_a_shard,
        check=not no_check,
    )
    runs = planned_runs(asked)
    plan = plan_launch(asked, runs)
    shown = None if place.is_local else place.settings
    click.echo(plan_text(asked, runs, plan, shown, place.request, estimates(asked, runs)))
    if dry_run or not plan.tasks:
        return
    if not place.is_local:
        submit(plan, place, root)
        click.echo(f"the table comes to {asked.table}", err=True)
        return
    became = work_off(plan, slots, RunningSteps(root))
    # One that was there before is of what was there before.
    if any(task.of == TABLE for task in became.done):
        click.echo((asked.table / TABLE_FILE).read_text(encoding="utf-8").rstrip())
        click.echo(f"written to {asked.table}", err=True)
    raise_if_any(not_done(became))
