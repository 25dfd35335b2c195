"""Defines `mswal-bench data stats`, which counts what is in a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.core.errors import raise_if_any

if TYPE_CHECKING:
    from mswal_bench.benchmark.data.stats.dataset_statistics import Subsets


@click.command(short_help="Count lesions, patients and slices.")
@click.argument("raw", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for lesion_statistics.csv, case_statistics.csv and summary.csv, and for the figure, fig1.svg and "
    "fig1.png.",
)
@click.option(
    "--subset",
    type=Choice(["train", "test", "all"]),
    default="all",
    show_default=True,
    help="Which cases to count.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=None, help="Processes.  [default: one per core]")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON instead of tables.")
def stats(raw: Path, out: Path | None, subset: Subsets, jobs: int | None, as_json: bool) -> None:
    """Count the lesions, patients and slices of RAW, a data set in nnU-Net's raw layout, beside the paper's numbers.

    Lesions per class, small and large by longest axial diameter (2 cm, WHO), with their diameters; slices and spacing;
    sex and contrast phase where RAW has them in a patients.csv with the columns case, sex, phase. The figure has the
    panels (a) to (d) of the paper's Fig. 1.

    A file that cannot be read is named and makes the command exit with 1; the others are counted.
    """
    from mswal_bench.benchmark.data.stats.dataset_statistics import dataset_statistics
    from mswal_bench.benchmark.data.stats.statistics_files import (
        WRITTEN,
        refuse_to_write_into,
        statistics_json,
        write_statistics,
    )
    from mswal_bench.benchmark.data.stats.statistics_tables import statistics_tables
    from mswal_bench.benchmark.data.stats.summary import summarise
    from mswal_bench.benchmark.tables.terminal import terminal_width

    if out is not None:
        refuse_to_write_into(raw, out)
    statistics = dataset_statistics(raw, subset=subset, jobs=jobs, progress=True)
    summary = summarise(statistics)
    click.echo(statistics_json(summary) if as_json else statistics_tables(summary, width=terminal_width()))
    for note in statistics.notes:
        click.echo(f"note: {note}", err=True)
    if out is not None:
        write_statistics(statistics, summary, out)
        click.echo(f"written to {out}: {', '.join(WRITTEN)}", err=True)
    raise_if_any(statistics.problems)
