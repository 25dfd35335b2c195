"""Defines `mswal-bench manifest`, which writes what the organiser publishes of the cases to predict."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.help_pages import BenchCommand


@click.command(
    cls=BenchCommand,
    short_help="Write the list of cases that submissions are checked against.",
    examples=(
        ("of a public track", "mswal-bench manifest phantom/labelsTs --track phantom --public -o manifest.json"),
    ),
)
@click.argument("folder", metavar="LABELS_OR_IMAGES", type=click.Path(path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.option(
    "--track",
    help="The track's name.  [default: public-cv of a folder called labelsTr or imagesTr, else official-test]",
)
@click.option(
    "--hidden/--public",
    default=None,
    help="Whether the labels are kept back: of scores, no more than aggregates are published then.  "
    "[default: --hidden for official-test]",
)
def manifest(folder: Path, out: Path, track: str | None, hidden: bool | None) -> None:
    """Write the manifest of the cases in LABELS_OR_IMAGES: their names and grids, as their files' headers have them.

    LABELS_OR_IMAGES holds label maps (CASE.nii.gz) or images (CASE_0000.nii.gz); both give the same manifest, and no
    voxel is read. Of a whole data set in nnU-Net's raw layout the track's cases are taken: the test cases for
    official-test, the training cases for public-cv. The labels are those of a dataset.json in the folder or beside it,
    else MSWAL's seven.
    """
    from mswal_bench.benchmark.submissions.make_manifest import manifest_of
    from mswal_bench.benchmark.submissions.manifest_file import write_manifest

    notes: list[str] = []
    made = manifest_of(folder, track, hidden, notes=notes, progress=True)
    write_manifest(made, out)
    kept = "hidden labels" if made.hidden else "public labels"
    for note in notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{out}: {len(made.cases)} cases of {made.track}, {kept}, {made.digest}")
