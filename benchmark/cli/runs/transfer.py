"""Defines `mswal-bench transfer`, which tells what training on MSWAL first is worth on another data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mswal_bench.baselines.method import Budget
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.cli.scoring.table_output import table_format_option
from mswal_bench.benchmark.runs.method_choice import chosen_method
from mswal_bench.benchmark.tables.terminal import terminal_width
from mswal_bench.splits import N_FOLDS

from .training_options import device_names, stoppable, training_options

if TYPE_CHECKING:
    from mswal_bench.benchmark.scoring.score_formats import TableFormat


@click.command(
    cls=BenchCommand,
    short_help="Train with and without MSWAL first, and compare.",
    examples=(
        (
            "what MSWAL is worth for KiTS",
            "mswal-bench transfer nnunet-v2 --pretrain runs/nnunet-v2 --data kits --work runs/kits --fold 0",
        ),
    ),
)
@click.option(
    "--pretrain",
    required=True,
    type=click.Path(path_type=Path),
    help="The work folder of a run of METHOD on MSWAL. Its weights are read safely: nothing in the file is run.",
)
@click.option(
    "--data",
    "raw",
    required=True,
    type=click.Path(path_type=Path),
    help="LiTS or KiTS as `data prepare` makes it, or any data set in nnU-Net's raw layout with test labels.",
)
@click.option(
    "--work",
    required=True,
    type=click.Path(path_type=Path),
    help="The folder of both runs; the same for resuming.",
)
@click.option(
    "--pretrain-fold",
    type=click.IntRange(0, N_FOLDS - 1),
    help="The fold whose weights are taken.  [default: the first fold trained to its end when the transfer was begun]",
)
@table_format_option
@training_options
def transfer(
    method: str,
    pretrain: Path,
    raw: Path,
    work: Path,
    pretrain_fold: int | None,
    variant: str | None,
    budget: str,
    fold: str,
    device: str | None,
    devices: str | None,
    memory_bytes: int | None,
    no_check: bool,
    seed: int,
    style: TableFormat,
) -> None:
    """Train METHOD on a data set twice, from scratch and beginning with weights trained on MSWAL; compare their DSC.

    METHOD is one of those that `mswal-bench methods` lists. Weights that fit are loaded, the output layer is new.

    Stopped at any moment and called again with the same options, it goes on from what is finished.
    """
    this_device, of_processes = device_names(device, devices)
    from mswal_bench.benchmark.runs.transfer import transfer as run_transfer
    from mswal_bench.benchmark.runs.transfer_table import format_transfer

    with stoppable():
        outcome = run_transfer(
            chosen_method(method, variant),
            raw,
            work,
            pretrain,
            pretrain_fold=pretrain_fold,
            budget=Budget(budget),
            selection=fold,
            device=this_device,
            devices=of_processes,
            seed=seed,
            memory_bytes=memory_bytes,
            check=not no_check,
            announce=lambda sentence: click.echo(sentence, err=True),
        )
    click.echo(format_transfer(outcome.record, style, width=terminal_width()))
    click.echo(f"record: {outcome.path}", err=True)
