"""Defines `mswal-bench data prepare`, which makes a data set to train on of what was downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.cli.help_pages import BenchCommand

if TYPE_CHECKING:
    from mswal_bench.benchmark.data.prepare.prepare_dataset import Prepared


@click.command(
    cls=BenchCommand,
    short_help="Make a data set to train on of what was downloaded.",
    examples=(
        ("of a download of MSWAL", "mswal-bench data prepare MSWAL mswal --check"),
        ("of a part of KiTS23", "mswal-bench data prepare kits-raw kits --as kits --partial"),
    ),
)
@click.argument("src", type=click.Path(path_type=Path))
@click.argument("dst", type=click.Path(path_type=Path))
@click.option(
    "--as",
    "kind",
    type=Choice(["mswal", "lits", "kits"]),
    default="mswal",
    show_default=True,
    help="What SRC holds. lits: volume-N.nii and segmentation-N.nii; kits: KiTS23's case_XXXXX folders.",
)
@click.option("--copy", is_flag=True, help="Copy every file; otherwise links are made where they can be.")
@click.option("--partial", is_flag=True, help="Take what is there of a data set that is not complete.")
@click.option("--check", is_flag=True, help="Read every file of DST afterwards, as `data check` does.")
@click.pass_context
def prepare(context: click.Context, src: Path, dst: Path, kind: str, copy: bool, partial: bool, check: bool) -> None:
    """Make the data in SRC a nnU-Net raw data set in DST, and freeze its split in DST/split.json.

    SRC is the folder of MSWAL as it was downloaded, as somebody renamed it, or one folder above; it is only read. LiTS
    and KiTS are cut 8:2 by a split that is fixed here. Called again, it does what is missing.

    Files are put in their places by name; none is read, so this takes seconds. With --check all are, and errors make
    the command exit with 1. `run` and `transfer` read them in any case before they begin.
    """
    from mswal_bench.benchmark.data.prepare.prepare_dataset import prepare_dataset

    prepared = prepare_dataset(src, dst, kind=kind, copy=copy, partial=partial)
    for line in _lines(prepared, kind):
        click.echo(line)
    if not check:
        click.echo(f"no voxel was read yet: `mswal-bench data check {dst}` does so, and each run before it begins")
        return
    from mswal_bench.benchmark.data.check.check_dataset import inspect_dataset
    from mswal_bench.benchmark.data.check.check_text import report_text

    inspection = inspect_dataset(dst, progress=True)
    click.echo(f"\n{report_text(inspection)}")
    if inspection.number("error"):
        context.exit(1)


def _lines(prepared: Prepared, kind: str) -> list[str]:
    dataset, split = prepared.dataset, prepared.split
    files = ", ".join(_counted(count, str(way)) for way, count in prepared.placed.items())
    lines = [
        f"{dataset.name}: {len(dataset.train)} training and {len(dataset.test)} test cases in {dataset.root}",
        f"files: {files or 'all there, nothing to do'}",
        f"split: {split.name}, {len(split.train)} training and {len(split.test)} test cases, {split.digest}",
    ]
    if kind == "mswal":
        lines += _tracks(prepared)
    return lines + [f"note: {note}" for note in prepared.notes]


def _tracks(prepared: Prepared) -> list[str]:
    """Which of the two tracks the data is enough for."""
    from mswal_bench.benchmark.data.prepare.found_cases import is_part

    if is_part(prepared.split):
        return ["tracks: none, for this is a part"]
    hidden = len(prepared.hidden)
    if not hidden:
        return ["tracks: official-test, public-cv"]
    images = len(prepared.dataset.test)
    if images:
        return [f"tracks: public-cv; official-test can be predicted, and scored by who has the {hidden} hidden labels"]
    return [
        "tracks: public-cv",
        f"official-test needs the images and the hidden labels of {hidden} test cases, which are not public",
    ]


def _counted(count: int, word: str) -> str:
    if count == 1:
        return f"1 {word}"
    return f"{count} {word.removesuffix('y')}ies" if word.endswith("copy") else f"{count} {word}s"
