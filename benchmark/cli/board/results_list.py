"""`mswal-bench results list`: the records of a folder."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("list")
@click.argument("results", type=click.Path(path_type=Path))
def list_records(results: Path) -> None:
    """List the records in RESULTS by track and age. What the organiser verified is not listed as claimed too."""
    from mswal_bench.benchmark.records.record_store import read_records
    from mswal_bench.benchmark.records.record_text import records_table
    from mswal_bench.benchmark.tables.terminal import terminal_width

    click.echo(records_table(read_records(results), width=terminal_width()) or "no records")
