"""`mswal-bench methods`: the methods, and the fidelity card of one."""

from __future__ import annotations

import json
import shutil

import click

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.runs.method_choice import chosen_method

_NARROWEST = 80


@click.command()
@click.argument("method", type=Choice(list(METHODS)), required=False)
@click.option("--variant", help="The card of a variant of METHOD.")
@click.option("--names", is_flag=True, help="For scripts: the names of all methods, one a line.")
@click.option("--json", "as_json", is_flag=True, help="For programs: everything, the settings of all budgets too.")
def methods(method: str | None, variant: str | None, names: bool, as_json: bool) -> None:
    """List the methods; of METHOD, show what fixes its settings and where it differs from the original."""
    from mswal_bench.benchmark.runs.method_text import card_text, method_data, methods_table

    if names and (method is not None or as_json):
        raise click.UsageError("--names is of all methods, and goes with nothing else.")
    if names:
        click.echo("\n".join(METHODS))
        return
    if variant is not None and method is None:
        raise click.UsageError("--variant needs a METHOD.")
    chosen = None if method is None else chosen_method(method, variant)
    if as_json:
        data = [method_data(each) for each in METHODS.values()] if chosen is None else method_data(chosen)
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    width = max(shutil.get_terminal_size((100, 24)).columns, _NARROWEST)
    click.echo(methods_table(list(METHODS.values()), width) if chosen is None else card_text(chosen, width))
