"""Defines `mswal-bench data stats`, which counts what is in a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.core.errors import raise_if_any

if TYPE_CHECKING:
    from mswal_bench.benchmark.data.stats.dataset_statistics import Subsets


@click.command(
    cls=BenchCommand,
    short_help="Count lesions, patients and slices of a data set.",
    examples=(
        ("tables, beside the paper's numbers", "mswal-bench data stats phantom"),
        ("files and figures too, and the lesions' HU", "mswal-bench data stats phantom --intensities --out statistics"),
    ),
)
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
@click.option(
    "--intensities",
    "with_intensities",
    is_flag=True,
    help="Read the images of the training cases too: HU of each lesion type, and what nnU-Net's normalisation makes of "
    "it. With --out also intensity_statistics.csv, lesion_intensities.csv, intensities.svg and intensities.png.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON instead of tables.")
def stats(
    raw: Path, out: Path | None, subset: Subsets, jobs: int | None, with_intensities: bool, as_json: bool
) -> None:
    """Count the lesions, patients and slices of RAW, a data set in nnU-Net's raw layout, beside the paper's numbers.

    Lesions per class, small and large by longest axial diameter (2 cm, WHO), with their diameters; slices and spacing;
    sex and contrast phase where RAW has them in a patients.csv with the columns case, sex, phase. The figure has the
    panels (a) to (d) of the paper's Fig. 1.

    With --intensities the contrast of a lesion is its median HU less that of its surroundings: of all voxels outside of
    every lesion within 5 mm of it. nnU-Net takes its normalisation from voxels in lesions alone; the table says which
    share of each type it clips, and how many standard deviations the contrast is then.

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
    intensities = None
    if with_intensities:
        from mswal_bench.benchmark.data.stats.intensity_files import (
            INTENSITY_FILES,
            intensities_json,
            intensity_view,
            write_intensities,
        )
        from mswal_bench.benchmark.data.stats.intensity_summary import dataset_intensities
        from mswal_bench.benchmark.tables.formats import format_view

        intensities = dataset_intensities(raw, jobs=jobs, progress=True)
    if as_json:
        click.echo(
            statistics_json(summary, {} if intensities is None else {"intensities": intensities_json(intensities)})
        )
    else:
        click.echo(statistics_tables(summary, width=terminal_width()))
        if intensities is not None:
            click.echo("\n" + format_view(intensity_view(intensities), "table", width=terminal_width()))
    for note in statistics.notes:
        click.echo(f"note: {note}", err=True)
    if out is not None:
        write_statistics(statistics, summary, out)
        written = list(WRITTEN)
        if intensities is not None:
            write_intensities(intensities, out)
            written += INTENSITY_FILES
        click.echo(f"written to {out}: {', '.join(written)}", err=True)
    # Of a label map that cannot be read both tell.
    more = () if intensities is None else intensities.problems
    raise_if_any(dict.fromkeys((*statistics.problems, *more)))
