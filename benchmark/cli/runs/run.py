"""Defines `mswal-bench run`, which trains a method, predicts and scores."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.baselines.method import Budget
from mswal_bench.baselines.stop_request import listen_for_stop
from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.runs.method_choice import chosen_method
from mswal_bench.benchmark.runs.stages import Part, Stage
from mswal_bench.benchmark.runs.tracks import Shard, Track

from .training_options import ShardNumber, device_names, stoppable, training_options


@click.command(
    cls=BenchCommand,
    short_help="Train a method, predict, score, and write a record.",
    examples=(
        (
            "try it out on a phantom, without a GPU",
            "mswal-bench run nnunet-v2 --data phantom --work runs/nnunet-v2 --budget smoke --fold 0 --device cpu",
        ),
        (
            "a cross-validation on two GPUs",
            "mswal-bench run nnunet-v2 --data mswal --work runs/nnunet-v2 --track public-cv --devices 0,1",
        ),
    ),
)
@click.option(
    "--data", "raw", required=True, type=click.Path(path_type=Path), help="A data set in nnU-Net's raw layout."
)
@click.option(
    "--work", required=True, type=click.Path(path_type=Path), help="The folder of this run; the same for resuming."
)
@click.option(
    "--track",
    type=Choice([track.value for track in Track]),
    default=Track.OFFICIAL_TEST.value,
    show_default=True,
    help="official-test: the test images. public-cv: each training case, by the fold that held it out. "
    "Trained folds serve both.",
)
@training_options
@click.option(
    "--until",
    type=Choice([stage.value for stage in Stage]),
    help="Do a part: end after check, prepare, train or predict.  [default: record, which is all]",
)
@click.option(
    "--shard",
    metavar="I/N",
    type=ShardNumber(),
    help="Predict the I-th of N shares of the cases, with folds that are trained, and end.",
)
@click.option("--score-only", is_flag=True, help="Score and record what is predicted; train and predict nothing.")
@click.option(
    "--prepared-by",
    metavar="WORK",
    type=click.Path(path_type=Path),
    help="Take over the prepared cases of another method's run, where both methods prepare alike.",
)
@click.option(
    "--wait",
    "patience_s",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=0.5,
    help="How long to wait where another call works on the same part.  [default: not]",
)
def run(
    method: str,
    raw: Path,
    work: Path,
    variant: str | None,
    budget: str,
    track: str,
    fold: str,
    device: str | None,
    devices: str | None,
    memory_bytes: int | None,
    no_check: bool,
    seed: int,
    until: str | None,
    shard: Shard | None,
    score_only: bool,
    prepared_by: Path | None,
    patience_s: float,
) -> None:
    """Train METHOD, predict, score where labels are there, and write a record.

    METHOD is one of those that `mswal-bench methods` lists.

    Every image and label is read first, as `data check` does, once: what is damaged, not finite or mislabelled ends the
    run before it begins.

    Stopped at any moment and called again with the same options, it goes on from what is finished. Several calls may
    work in one folder at a time, each on another fold, or with --until and --shard on another part of the run, as the
    jobs do that `mswal-bench launch` hands to a cluster. Told so by SIGUSR1, a training ends after its epoch with a
    checkpoint, and the command exits with 75.
    """
    if shard is not None and until not in (None, Stage.PREDICT):
        raise click.UsageError(f"--shard predicts, and does not go with --until {until}.")
    if score_only and (shard is not None or until not in (None, Stage.RECORD)):
        raise click.UsageError("--score-only goes with neither --shard nor --until.")
    this_device, of_processes = device_names(device, devices)
    from mswal_bench.benchmark.cli.scoring.table_output import print_scores
    from mswal_bench.benchmark.runs.run_method import run_method

    listen_for_stop()
    with stoppable():
        outcome = run_method(
            chosen_method(method, variant),
            raw,
            work,
            budget=Budget(budget),
            track=Track(track),
            selection=fold,
            device=this_device,
            devices=of_processes,
            seed=seed,
            memory_bytes=memory_bytes,
            check=not no_check,
            part=Part(Stage(until or Stage.RECORD), shard, score_only, prepared_by, patience_s),
            announce=lambda sentence: click.echo(sentence, err=True),
        )
    if outcome.finished_before:
        click.echo("finished before; nothing is left to do")
    if outcome.scores is not None:
        print_scores(outcome.scores)
    if outcome.stage is not Stage.RECORD:
        click.echo(f"done until {outcome.stage}, and no further")
    if outcome.stage in (Stage.PREDICT, Stage.RECORD):
        click.echo(f"predictions: {outcome.predictions}")
    if outcome.stage is Stage.RECORD:
        click.echo(f"record: {outcome.record}")
