"""Defines `mswal-bench figure qualitative`, which draws one case as the paper's Fig. 3 does."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Any

import click

from mswal_bench.benchmark.cli.help_pages import BenchCommand


def _finite(_: click.Context, __: click.Parameter, value: Any) -> Any:
    """A range lets `nan` through."""
    numbers = value if isinstance(value, tuple) else (value,)
    if not all(number is None or isfinite(number) for number in numbers):
        raise click.BadParameter("is not a finite number")
    return value


@click.command(
    cls=BenchCommand,
    short_help="Draw a case as the paper's Fig. 3 does.",
    examples=(
        (
            "two runs beside the reference",
            "mswal-bench figure qualitative runs/nnunet-v2 runs/mednext --case PHANTOM_0485 --out case.png",
        ),
    ),
)
@click.argument("runs", metavar="RUNS...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--case", required=True, help="The case, as its files are named.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="The data set that the case is in.  [default: that of the runs]",
)
@click.option(
    "--reference",
    type=click.Path(path_type=Path),
    help="A folder of reference label maps, in place of a data set: there is no image then. Classes are those of a "
    "dataset.json in it or beside it, else MSWAL's seven.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The file to write: .png (300 dpi), .svg or .pdf.  [default: CASE.png]",
)
@click.option(
    "--lesion",
    metavar="KEY[:N]",
    help="Look at a lesion of this class (kidney_cyst), or at the reference's lesion N of it (kidney_cyst:2, as "
    "numbered in lesions.csv).",
)
@click.option("--axial", metavar="SLICE", type=int, help="Show this axial slice of the reference file, from 0.")
@click.option("--coronal", metavar="SLICE", type=int, help="Show this coronal slice of the reference file, from 0.")
@click.option(
    "--window",
    nargs=2,
    type=(float, click.FloatRange(min=0, min_open=True)),
    metavar="CENTER WIDTH",
    default=(40.0, 400.0),
    show_default=True,
    callback=_finite,
    help="Grey values in HU.",
)
@click.option(
    "--box",
    "box_mm",
    metavar="MM",
    type=click.FloatRange(min=5),
    callback=_finite,
    help="Side of what is magnified.  [default: by the lesion]",
)
@click.option(
    "--width",
    "width_mm",
    metavar="MM",
    type=click.FloatRange(min=60, max=1000),
    callback=_finite,
    help="Width of the figure; with many methods it is wider.  [default: a page's, 183; less for few methods]",
)
def qualitative(
    runs: tuple[Path, ...],
    case: str,
    data: Path | None,
    reference: Path | None,
    out: Path | None,
    lesion: str | None,
    axial: int | None,
    coronal: int | None,
    window: tuple[float, float],
    box_mm: float | None,
    width_mm: float | None,
) -> None:
    """Draw a case as image, reference and the methods of RUNS: axial and coronal, whole and magnified.

    RUNS are folders of predictions, methods named after their folders, or the work folders of runs. False positives
    and false negatives are marked as the protocol counts them: lesions without a match.

    Unless told otherwise the figure shows a large lesion of the reference that some methods miss and others find, or
    else what comes nearest to one, in the slices that hold most of it.
    """
    from mswal_bench.benchmark.figures.ct_panel import Window
    from mswal_bench.benchmark.figures.qualitative import Look, draw_qualitative

    if data is not None and reference is not None:
        raise click.UsageError("--data and --reference exclude each other")
    look = Look(lesion, axial, coronal, Window(*window), box_mm, width_mm)
    out = out if out is not None else Path(f"{case}.png")
    drawn = draw_qualitative(runs, case, out, data=data, reference=reference, look=look)
    for note in drawn.notes:
        click.echo(f"note: {note}", err=True)
    slices = ", ".join(f"{view} slice {index}" for view, index in drawn.planes.items())
    click.echo(f"figure: {out} ({slices})")
