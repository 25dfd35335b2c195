"""Defines `mswal-bench results`, which lists, verifies and signs the records of evaluated submissions."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.help_pages import BenchGroup
from mswal_bench.benchmark.cli.organiser_options import (
    KEY_VARIABLE,
    organiser_of_option,
    organiser_option,
    signing_key_of_option,
)
from mswal_bench.benchmark.core.errors import raise_if_any


@click.group(
    cls=BenchGroup,
    short_help="List, verify and sign records of submissions.",
    examples=(
        ("make the organiser's key, once", "mswal-bench results keygen organiser"),
        ("compute all numbers again and compare", "mswal-bench results verify results"),
    ),
)
def results() -> None:
    """List, verify and sign the records of evaluated submissions."""


@results.command(
    short_help="Make the organiser's key, once.",
    examples=(("keep `organiser` to yourself, publish `organiser.pub`", "mswal-bench results keygen organiser"),),
)
@click.argument("key", metavar="KEY", type=click.Path(path_type=Path))
def keygen(key: Path) -> None:
    """Make the organiser's key, once: the private half in KEY, and the public half in KEY.pub.

    Who has KEY can make verified records: it is readable by its owner alone, never replaced, and refused in a results
    folder or a site. Publish the fingerprint that is printed where the board's readers know that it is yours.
    """
    from mswal_bench.benchmark.board.site.site_folder import refuse_in_a_site
    from mswal_bench.benchmark.records.organiser_key import make_key
    from mswal_bench.benchmark.records.record_store import refuse_in_results

    refuse_in_results(key)
    refuse_in_a_site(key)
    made = make_key(key)
    click.echo(f"private key: {key}")
    click.echo(f"public key: {key}.pub")
    click.echo(f"fingerprint: {made.public.fingerprint}")


@results.command(
    "list",
    short_help="List records by track and age.",
    examples=(("all records of a folder", "mswal-bench results list results"),),
)
@click.argument("folder", metavar="RESULTS", type=click.Path(path_type=Path))
@organiser_option
def list_records(folder: Path, organiser: Path | None) -> None:
    """List the records in RESULTS by track and age. What the organiser verified is not listed as claimed too.

    Verified is what he has signed. A record that contradicts itself or its signature is refused.
    """
    from mswal_bench.benchmark.records.record_store import read_results
    from mswal_bench.benchmark.records.result_record import records_table
    from mswal_bench.benchmark.tables.terminal import terminal_width

    read = read_results(folder, organiser_of_option(organiser))
    for note in read.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(records_table(read.records, width=terminal_width()) or "no records")


@results.command(
    short_help="Compute all numbers again and compare.",
    examples=(
        ("from the rows beside the records", "mswal-bench results verify results"),
        (
            "from the predictions of a submission",
            "mswal-bench results verify results --submission mine --reference phantom/labelsTs "
            "--manifest manifest.json",
        ),
    ),
)
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
@organiser_option
def verify(
    folder: Path,
    private: Path | None,
    submission: Path | None,
    reference: Path | None,
    manifest: Path | None,
    jobs: int | None,
    organiser: Path | None,
) -> None:
    """Verify the records in RESULTS and list everything that differs.

    Digests and ids are computed again, every number and interval from the rows beside the record, with its own seed,
    and signatures are checked. The rows of hidden tracks are in PRIVATE; without it, what is published of them is
    compared with itself. With --submission and --reference the submission is scored again.

    When, with which version and on which machine a record was made is in its digest and under its signature. A claimed
    record that its author made anew, rows and all, shows only where its submission is scored again. Exits with 1 if
    anything differs.
    """
    if (submission is None) != (reference is None):
        raise click.UsageError("--submission and --reference go together.")
    from mswal_bench.benchmark.records.rescoring import differences_to_rescored
    from mswal_bench.benchmark.records.verify_records import verify_records

    verified = verify_records(folder, private, organiser_of_option(organiser))
    problems = [*verified.problems]
    if submission is not None and reference is not None:
        problems += differences_to_rescored(folder, private, submission, reference, manifest, jobs=jobs, progress=True)
    for note in verified.notes:
        click.echo(f"note: {note}", err=True)
    raise_if_any(problems)
    click.echo(verified.verdict)


@results.command(
    short_help="Sign verified records that have no signature.",
    examples=(("records of version 0.1.0", "mswal-bench results sign results --key organiser"),),
)
@click.argument("folder", metavar="RESULTS", type=click.Path(path_type=Path))
@click.option(
    "--key",
    required=True,
    type=click.Path(path_type=Path),
    envvar=KEY_VARIABLE,
    show_envvar=True,
    help="The organiser's private key.",
)
@click.option(
    "--private", type=click.Path(path_type=Path, file_okay=False), help="Where the rows of hidden tracks are kept."
)
def sign(folder: Path, key: Path, private: Path | None) -> None:
    """Sign the records in RESULTS that say verified and have no signature, such as those of version 0.1.0.

    All records are verified first, and nothing is signed if anything differs. Records do not change: the signature is a
    file beside each, and the public key is left in RESULTS.
    """
    from mswal_bench.benchmark.records.signing import sign_records

    signed = sign_records(folder, private, signing_key_of_option(key))
    click.echo(f"signed: {'1 record' if signed == 1 else f'{signed} records'}")
