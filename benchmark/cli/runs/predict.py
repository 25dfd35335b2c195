"""Defines `mswal-bench predict`, which writes the label maps of any scans by a trained method."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.runs.tracks import ALL_FOLDS, SELECTIONS

from .training_options import device_names, device_options, stoppable


@click.command(
    cls=BenchCommand,
    short_help="Predict label maps of any scans with a trained method.",
    examples=(
        (
            "with a run of your own, and a list of lesions",
            "mswal-bench predict runs/nnunet-v2 phantom/imagesTs -o label_maps --lesions lesions.csv",
        ),
        ("with a model from the Hugging Face hub", "mswal-bench predict hf:OWNER/NAME scans -o label_maps"),
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), help="The folder of the label maps, CASE.nii.gz."
)
@click.option(
    "--fold",
    type=Choice(SELECTIONS),
    default=ALL_FOLDS,
    show_default=True,
    help="all: the ensemble of all folds of the model that are trained to their end.",
)
@click.option(
    "--lesions",
    type=click.Path(path_type=Path),
    help="A CSV with a row for every lesion: type, volume, longest axial diameter, centre in mm (LPS, as SimpleITK).",
)
@click.option(
    "--overlay",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="A folder for a picture of each case, CASE.png: its largest lesions with type, volume and diameter.",
)
@device_options
def predict(
    model: Path,
    images: tuple[Path, ...],
    out: Path,
    fold: str,
    lesions: Path | None,
    overlay: Path | None,
    device: str | None,
    devices: str | None,
    memory_bytes: int | None,
) -> None:
    """Predict the label maps of IMAGES with the trained method MODEL.

    MODEL is the work folder of a run, a model bundle, or the address of one on the Hugging Face hub: hf:OWNER/NAME or
    hf:OWNER/NAME@REVISION. Which commit an address means is told, and the bundle is kept for the next time.

    IMAGES are volume files, folders of them, and folders of a DICOM series. Each label map has its image's geometry and
    is named as the image is, without nnU-Net's _0000, or as the folder of the series. No labels are needed. What does
    not look like an abdominal CT in Hounsfield units is predicted with a warning.

    Stopped at any moment and called again with the same options, it goes on from what is there. The folder's
    predictions.json says what predicted it, and from which images.

    For research use only: this is no medical device, and a label map is no diagnosis.
    """
    this_device, of_processes = device_names(device, devices)
    from mswal_bench.benchmark.models.local_model import local_model
    from mswal_bench.benchmark.models.notice import NOTICE
    from mswal_bench.benchmark.prediction.predict_images import predict_images

    with stoppable("the same command goes on from the label maps that are there"):
        predictions = predict_images(
            local_model(model, announce=lambda sentence: click.echo(sentence, err=True)),
            images,
            out,
            fold=None if fold == ALL_FOLDS else int(fold),
            device=this_device,
            devices=of_processes,
            memory_bytes=memory_bytes,
            lesions=lesions,
            overlay=overlay,
            announce=lambda sentence: click.echo(sentence, err=True),
        )
        click.echo(predictions.table())
    click.echo(f"label maps: {predictions.folder}")
    for name, place in (("lesions", lesions), ("pictures", overlay)):
        if place is not None:
            click.echo(f"{name}: {place}")
    click.echo(NOTICE, err=True)
