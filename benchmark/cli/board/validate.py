"""Defines `mswal-bench validate`, which tells whether a submission can be scored, or else all that is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mswal_bench.benchmark.cli.help_pages import BenchCommand


@click.command(
    cls=BenchCommand,
    short_help="Check a submission, and list everything that is wrong.",
    examples=(
        ("names, form and headers, in seconds", "mswal-bench validate mine --manifest manifest.json"),
        ("every voxel too, as the organiser does", "mswal-bench validate mine.zip --manifest manifest.json --deep"),
    ),
)
@click.argument("submission", required=False, type=click.Path(path_type=Path))
@click.option(
    "--manifest",
    type=click.Path(path_type=Path),
    help="The manifest of the track's cases, as the organiser publishes it.",
)
@click.option("--deep", is_flag=True, help="Read every voxel, not only the headers.")
@click.option("--allow-missing", is_flag=True, help="Note a case without a prediction, which counts as empty.")
@click.option("--json", "as_json", is_flag=True, help="For programs: every finding.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of submission.yaml, and do nothing else.")
@click.pass_context
def validate(
    context: click.Context,
    submission: Path | None,
    manifest: Path | None,
    deep: bool,
    allow_missing: bool,
    as_json: bool,
    schema: bool,
) -> None:
    """Check SUBMISSION, a folder, a .zip or a .tar.gz, against the manifest of its track.

    It holds submission.yaml and predictions/CASE.nii.gz (or .nii or .mha) for every case, all in one folder or not.
    Everything that is wrong is reported in one go, each with a code that does not change. Nothing is unpacked and
    nothing is written. The organiser's check is this one, with --deep.

    Exits with 0 for a submission that can be scored, 1 for one that cannot, and 2 for a call that is wrong, such as one
    with a manifest that cannot be read.
    """
    if schema:
        from mswal_bench.benchmark.submissions.submission_form import SubmissionForm

        if submission is not None or manifest is not None:
            raise click.UsageError("--schema goes with no submission.")
        click.echo(json.dumps(SubmissionForm.model_json_schema(), indent=2))
        return
    if submission is None:
        raise click.UsageError("Missing argument 'SUBMISSION'.")
    if manifest is None:
        raise click.UsageError("Missing option '--manifest'.")
    from mswal_bench.benchmark.core.errors import BenchError
    from mswal_bench.benchmark.submissions.manifest_file import read_manifest
    from mswal_bench.benchmark.submissions.validate import validate as validated
    from mswal_bench.benchmark.submissions.validation import validation_json, validation_text

    try:
        expected = read_manifest(manifest)
    except BenchError as error:
        # A script that takes 1 for a wrong submission must not blame the participant for it.
        raise click.BadParameter(str(error), context, param_hint="--manifest") from error
    validation = validated(submission, expected, deep=deep, allow_missing=allow_missing, progress=True)
    click.echo(validation_json(validation) if as_json else validation_text(validation))
    if not validation.ok:
        context.exit(1)
