"""Defines `mswal-bench run`, which trains a method, predicts and scores."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.baselines.method import Budget
from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.runs.method_choice import chosen_method
from mswal_bench.benchmark.runs.tracks import Track

from .training_options import device_names, stoppable, training_options


@click.command(short_help="Train a method, predict, score and write a record.")
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
) -> None:
    """Train METHOD, predict, score where labels are there, and write a record.

    METHOD is one of those that `mswal-bench methods` lists.

    Every image and label is read first, as `data check` does, once: what is damaged, not finite or mislabelled ends the
    run before it begins.

    Stopped at any moment and called again with the same options, it goes on from what is finished. Several calls may
    work in one folder at a time, each on another fold.
    """
    this_device, of_processes = device_names(device, devices)
    from mswal_bench.benchmark.cli.scoring.table_output import print_scores
    from mswal_bench.benchmark.runs.run_method import run_method

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
            announce=lambda sentence: click.echo(sentence, err=True),
        )
    if outcome.finished_before:
        click.echo("finished before; nothing is left to do")
    if outcome.scores is not None:
        print_scores(outcome.scores)
    click.echo(f"predictions: {outcome.predictions}\nrecord: {outcome.record}")
