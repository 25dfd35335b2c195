"""Defines `mswal-bench model import`, which makes a model bundle of what nnU-Net exported."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.help_pages import BenchCommand

from .about_options import about_options


@click.command(
    "import",
    cls=BenchCommand,
    short_help="Make a bundle of a model that nnU-Net exported.",
    examples=(("what nnUNetv2_export_model_to_zip wrote", "mswal-bench model import exported.zip -o mine.mswal"),),
)
@click.argument("source", metavar="ZIP", type=click.Path(path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="The bundle, NAME.mswal.")
@click.option(
    "--checkpoint",
    metavar="NAME",
    default="checkpoint_final.pth",
    show_default=True,
    help="The file of each fold that is taken.",
)
@click.option(
    "--trainer",
    metavar="NAME",
    help="A trainer of your own, of which you know that it trains the network of the plans as it is. Those that come "
    "with nnU-Net are known.",
)
@about_options
def import_zip(
    source: Path,
    out: Path,
    checkpoint: str,
    trainer: str | None,
    authors: tuple[str, ...],
    licence: str | None,
    contact: str | None,
) -> None:
    """Make a model bundle of ZIP, which `nnUNetv2_export_model_to_zip` wrote, to predict with and to hand on.

    It must have a 3d_fullres network as nnU-Net plans it, one trained on a CT, with a number for each lesion: no
    cascade, no regions, no ignore label. Other configurations in it are left out. Its checkpoints are read in torch's
    safe mode: nothing that they name is run, and one that holds more than tensors, plain values and numbers of NumPy is
    refused. The zip is a stranger's until it is checked, and is not unpacked.

    For research use only: this is no medical device.
    """
    from mswal_bench.benchmark.models.about import about_of
    from mswal_bench.benchmark.models.import_model import import_model
    from mswal_bench.benchmark.models.model_text import imported_text

    made = import_model(
        source,
        out,
        checkpoint=checkpoint,
        trainer=trainer,
        about=about_of(authors, licence, contact),
        progress=True,
    )
    click.echo(imported_text(made.bundle, made.trainer, made.left_out))
