"""Defines `mswal-bench results`, which lists and verifies the records of evaluated submissions."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.core.errors import raise_if_any


@click.group(short_help="List and verify records of submissions.")
def results() -> None:
    """List and verify the records of evaluated submissions."""


@results.command("list")
@click.argument("folder", metavar="RESULTS", type=click.Path(path_type=Path))
def list_records(folder: Path) -> None:
    """List the records in RESULTS by track and age. What the organiser verified is not listed as claimed too."""
    from mswal_bench.benchmark.records.record_store import read_records
    from mswal_bench.benchmark.records.result_record import records_table
    from mswal_bench.benchmark.tables.terminal import terminal_width

    click.echo(records_table(read_records(folder), width=terminal_width()) or "no records")


@results.command()
@click.argument("folder", metavar="RESULTS", type=click.Path(path_type=Path))
@click.option(
    "--private", type=click.Path(path_type=Path, file_okay=False), help="Where the rows of hidden tracks are kept."
)
@click.option("--submission", type=click.Path(path_type=Path), help="Score this one again and compare its records.")
@click.option("--reference", type=click.Path(path_type=Path), help="The reference label maps for --submission.")
@click.option(
    "--manifest", type=click.Path(path_type=Path), help="The manifest of the cases.  [default: made of the reference]"
)
@click.option("--jobs", type=click.IntRange(min=1), default=None, help="Processes.  [default: one per core]")
def verify(
    folder: Path,
    private: Path | None,
    submission: Path | None,
    reference: Path | None,
    manifest: Path | None,
    jobs: int | None,
) -> None:
    """Verify the records in RESULTS and list everything that differs.

    Digests and ids are computed again, every number and interval from the rows beside the record, with its own seed.
    The rows of hidden tracks are in PRIVATE; without it only what is published of them is looked at. With --submission
    and --reference the submission is scored again. When and on which machine a record was made follows from nothing and
    is not verified. Exits with 1 if anything differs.
    """
    if (submission is None) != (reference is None):
        raise click.UsageError("--submission and --reference go together.")
    from mswal_bench.benchmark.records.rescoring import differences_to_rescored
    from mswal_bench.benchmark.records.verify_records import verify_records

    verified = verify_records(folder, private)
    problems = [*verified.problems]
    if submission is not None and reference is not None:
        problems += differences_to_rescored(folder, private, submission, reference, manifest, jobs=jobs, progress=True)
    for note in verified.notes:
        click.echo(f"note: {note}", err=True)
    raise_if_any(problems)
    click.echo(verified.verdict)
