"""Defines `mswal-bench model show`, which prints what a model bundle says of itself."""

from __future__ import annotations

from pathlib import Path

import click

from mswal_bench.benchmark.cli.help_pages import BenchCommand


@click.command(
    cls=BenchCommand,
    short_help="Print what a bundle says of itself.",
    examples=(
        ("method, training, scores and licence", "mswal-bench model show nnunet-v2.mswal"),
        ("its model card", "mswal-bench model show nnunet-v2.mswal --card"),
    ),
)
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@click.option("--card", is_flag=True, help="Print its model card, in Markdown.")
@click.option("--json", "as_json", is_flag=True, help="For programs: its model.json.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of model.json, and do nothing else.")
def show(bundle: Path | None, card: bool, as_json: bool, schema: bool) -> None:
    """Print what the model bundle BUNDLE says of itself: method, training, scores, licence.

    Whether it is true is nowhere checked. That the bundle is whole is: see `mswal-bench model verify`.
    """
    import json
    import shutil

    from mswal_bench.benchmark.models.bundle import read_bundle
    from mswal_bench.benchmark.models.bundle_form import BundleForm
    from mswal_bench.benchmark.models.model_text import model_text
    from mswal_bench.benchmark.tables.escaping import plain_text

    if schema:
        if bundle is not None:
            raise click.UsageError("--schema goes with no bundle.")
        click.echo(json.dumps(BundleForm.model_json_schema(), indent=2))
        return
    if bundle is None:
        raise click.UsageError("Missing argument 'BUNDLE'.")
    read = read_bundle(bundle, digests=False)
    if as_json:
        click.echo(read.form.model_dump_json(indent=2))
    elif card:
        # A stranger's: lines stay lines, and nothing in them steers the terminal.
        click.echo("\n".join(map(plain_text, read.card.splitlines())))
    else:
        click.echo(model_text(read, shutil.get_terminal_size().columns))
