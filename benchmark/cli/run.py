"""`mswal-bench run`: train, predict and score one method."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ...baselines.method import Budget
from ...baselines.registry import METHODS


@click.command()
@click.argument("method", type=click.Choice(list(METHODS)))
@click.option(
    "--data", "raw", required=True, type=click.Path(path_type=Path), help="A data set in nnU-Net's raw layout."
)
@click.option(
    "--work", required=True, type=click.Path(path_type=Path), help="The folder of this run; the same for resuming."
)
@click.option("--variant", help="A variant: of inception-nnunet, I to V of the paper's ablation, or `released`.")
@click.option(
    "--budget",
    type=click.Choice([budget.value for budget in Budget]),
    default=Budget.PAPER.value,
    show_default=True,
    help="paper: what the authors set. demo: a small network, minutes on a CPU. smoke: a few iterations.",
)
@click.option(
    "--fold",
    type=click.Choice(["0", "1", "2", "3", "4", "all"]),
    default="all",
    show_default=True,
    help="all trains five folds and predicts with their ensemble.",
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
def run(
    method: str, raw: Path, work: Path, variant: str | None, budget: str, fold: str, device: str, seed: int
) -> None:
    """Train METHOD, predict the test images, score them where labels are there, and write a record.

    Stopped at any moment and called again with the same options, it goes on from what is finished.
    """
    from ..runs.run_method import run_method
    from .table_output import print_scores

    try:
        outcome = run_method(
            METHODS[method], raw, work, variant=variant, budget=Budget(budget), selection=fold, device=device, seed=seed
        )
    except KeyboardInterrupt:
        click.echo("\nstopped; the same command goes on from the last checkpoint", err=True)
        sys.exit(130)
    if outcome.finished_before:
        click.echo("finished before; nothing is left to do")
    if outcome.scores is not None:
        print_scores(outcome.scores)
    click.echo(f"predictions: {outcome.predictions}\nrecord: {outcome.record}")
