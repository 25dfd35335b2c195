"""Defines `mswal-bench data phantom`, which writes a phantom of MSWAL."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.data.mswal_facts import CASES, SLICE_COUNTS


@click.command(
    cls=BenchCommand,
    short_help="Write a phantom of MSWAL, LiTS or KiTS23.",
    examples=(
        ("enough to try everything, in seconds", "mswal-bench data phantom phantom --train 5 --test 2 --size tiny"),
        (
            "one for `data prepare --as kits`",
            "mswal-bench data phantom kits-raw --as kits --train 5 --test 2 --size tiny",
        ),
    ),
)
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--as",
    "kind",
    type=Choice(["mswal", "lits", "kits"]),
    default="mswal",
    show_default=True,
    help="lits, kits: an organ and its lesions, in the layout of LiTS or KiTS23. There are so many training and test "
    f"cases: mswal {CASES['train']} and {CASES['test']}, lits 105 and 26, kits 391 and 98.",
)
@click.option("--train", type=int, default=12, show_default=True, help="Training cases.")
@click.option("--test", type=int, default=6, show_default=True, help="Test cases.")
@click.option(
    "--size",
    type=Choice(["tiny", "small", "full"]),
    default="small",
    show_default=True,
    help="tiny: 4 mm voxels; small: 3 mm; full: 512 x 512 and "
    f"{SLICE_COUNTS['fewest']} to {SLICE_COUNTS['most']} slices.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed is another cohort.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=None,
    help="Processes, of which each takes up to 3 GiB at full size.  [default: one per core]",
)
def phantom(out: Path, kind: str, train: int, test: int, size: str, seed: int, jobs: int | None) -> None:
    """Write a phantom MSWAL to OUT: procedural abdomens with the seven lesion types, as a nnU-Net raw data set.

    With `--as lits` or `--as kits`, a phantom of that data set as it is published, for `data prepare`. A case depends
    on its number, the seed and the size only. Called again, it makes what is missing.
    """
    if kind == "mswal":
        from mswal_bench.benchmark.data.phantom.dataset_writer import write_phantom

        write_phantom(out, train=train, test=test, size=size, seed=seed, jobs=jobs)
    else:
        from mswal_bench.benchmark.data.phantom.public_layouts import write_public_phantom

        write_public_phantom(out, kind, train=train, test=test, size=size, seed=seed, jobs=jobs)
