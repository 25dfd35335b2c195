"""Defines `mswal-bench model export`, which writes a trained method as a model bundle."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.runs.tracks import ALL_FOLDS, SELECTIONS

from .about_options import about_options

BUNDLE, NNUNET = "bundle", "nnunet"


@click.command(
    cls=BenchCommand,
    short_help="Write a trained method as one file to hand on.",
    examples=(
        (
            "a bundle",
            'mswal-bench model export runs/nnunet-v2 -o nnunet-v2.mswal --author "Ada Example" --licence cc-by-nc-4.0',
        ),
        (
            "a folder for nnU-Net's own command",
            "mswal-bench model export nnunet-v2.mswal --format nnunet -o for-nnunet",
        ),
    ),
)
@click.argument("work", metavar="WORK", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), help="The bundle, NAME.mswal; or the folder."
)
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
    help="Store weights as float16, in half of the bytes. docs/how-to/model-bundles.md says what that changed.",
)
@click.option(
    "--format",
    "form",
    type=Choice([BUNDLE, NNUNET]),
    default=BUNDLE,
    show_default=True,
    help="nnunet: a folder for nnUNetv2_predict_from_modelfolder.",
)
@about_options
def export(
    work: Path,
    out: Path,
    fold: str,
    half: bool,
    form: str,
    authors: tuple[str, ...],
    licence: str | None,
    contact: str | None,
) -> None:
    """Write the method that was trained in WORK, the work folder of a run, as one file: a model bundle.

    It holds the weights of each fold as safetensors, plans as JSON, what they were trained on and what they scored, and
    a model card as Hugging Face reads it. Nothing in it can be run, and `mswal-bench model verify` checks it. No image
    and no name of a case is in it.

    With --format nnunet it is written as a new folder that nnU-Net's own command predicts with, for the methods whose
    network nnU-Net can build by itself: nnunet-v2 and nnunet-resenc. WORK may be a bundle then.

    For research use only: this is no medical device.
    """
    from mswal_bench.benchmark.models.about import about_of

    about = about_of(authors, licence, contact)
    folds = None if fold == ALL_FOLDS else [int(fold)]
    if form == NNUNET:
        from mswal_bench.benchmark.models.export_nnunet import export_nnunet
        from mswal_bench.benchmark.models.model_text import nnunet_text

        if half:
            raise click.UsageError("--half is for bundles: nnU-Net's checkpoints hold float32.")
        told = about if authors or licence or contact else None
        written = export_nnunet(work, out, folds=folds, about=told, progress=True)
        click.echo(nnunet_text(written.path, written.command, written.differences))
        return

    from mswal_bench.benchmark.models.export_model import export_model
    from mswal_bench.benchmark.models.model_text import exported_text

    bundle = export_model(
        work,
        out,
        folds=folds,
        half=half,
        about=about,
        progress=True,
    )
    click.echo(exported_text(bundle))
