"""Defines `mswal-bench runs`, which tells what became of the runs below a folder."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.core.errors import raise_if_any


@click.command(
    cls=BenchCommand,
    short_help="List runs: their state, folds, scores and times.",
    examples=(
        ("all runs below a folder", "mswal-bench runs runs"),
        ("for a program", "mswal-bench runs runs --json"),
    ),
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help="For programs: everything of each run, DSC as a fraction, times in seconds."
)
def runs(folder: Path, as_json: bool) -> None:
    """List the runs below DIR, the current folder if none is given: their state, trained folds, scores and times.

    A running run is not disturbed. A stopped or failed one goes on with the command it was begun with. DSC is the mean
    over the classes, in percent, for the test images predicted by the ensemble of all folds. Another goal's DSC has the
    goal's name before it, as in `fold-0 12.34`. The wall time is that of all steps together: folds that trained at
    the same time count one after the other. ≥ marks a sum that lacks a step, which was killed or still goes on.

    Of what `mswal-bench launch`, `score --on slurm` or `evaluate --on slurm` handed to a cluster, it shows what waits
    and for what, what runs where and since when, what was queued again, and what failed and why.
    """
    from pydantic import TypeAdapter

    from mswal_bench.benchmark.runs.run_listing import ListedRun, list_runs
    from mswal_bench.benchmark.runs.run_listing_table import runs_table
    from mswal_bench.benchmark.tables.terminal import terminal_width

    found = list_runs(folder)
    if as_json:
        click.echo(TypeAdapter(list[ListedRun]).dump_json(found.runs, indent=2).decode())
    elif text := runs_table(found, folder, width=terminal_width()):
        click.echo(text)
    else:
        click.echo(f"no run in {folder}", err=True)
    raise_if_any(found.problems)
