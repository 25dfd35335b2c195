"""Defines `mswal-bench model export`, which writes a trained method as a model bundle."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.runs.tracks import ALL_FOLDS, SELECTIONS


@click.command(short_help="Write a trained method as a file to hand on.")
@click.argument("work", type=click.Path(path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="The bundle, NAME.mswal.")
@click.option(
    "--fold",
    type=Choice(SELECTIONS),
    default=ALL_FOLDS,
    show_default=True,
    help="all: every fold that is trained to its end.",
)
@click.option(
    "--half",
    is_flag=True,
    help="Store weights as float16, in half of the bytes. README.md says what that changed on the demo's test cases.",
)
@click.option("--author", "authors", multiple=True, help="One of those who trained it; may be given several times.")
@click.option("--licence", help="That of the weights, as SPDX or Hugging Face name it: cc-by-nc-4.0.")
@click.option("--contact", help="Where to ask. It is published with the bundle.")
def export(
    work: Path,
    out: Path,
    fold: str,
    half: bool,
    authors: tuple[str, ...],
    licence: str | None,
    contact: str | None,
) -> None:
    """Write the method that was trained in WORK, the work folder of a run, as one file: a model bundle.

    It holds the weights of each fold as safetensors, plans as JSON, what they were trained on and what they scored, and
    a model card as Hugging Face reads it. Nothing in it can be run, and `mswal-bench model verify` checks it. No image
    and no name of a case is in it.

    For research use only: this is no medical device.
    """
    from mswal_bench.benchmark.models.about import about_of
    from mswal_bench.benchmark.models.export_model import export_model
    from mswal_bench.benchmark.models.model_text import exported_text

    bundle = export_model(
        work,
        out,
        folds=None if fold == ALL_FOLDS else [int(fold)],
        half=half,
        about=about_of(authors, licence, contact),
        progress=True,
    )
    click.echo(exported_text(bundle))
