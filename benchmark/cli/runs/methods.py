"""Defines `mswal-bench methods`, which lists the methods and shows the fidelity card of one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable

import click

from mswal_bench.baselines.plug_ins import PlugInError
from mswal_bench.baselines.registry import all_methods, method_names, refused_names
from mswal_bench.benchmark.cli.choices import MethodName
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.runs.method_choice import chosen_method, plug_in_problems
from mswal_bench.benchmark.tables.escaping import plain_text

_NARROWEST = 80


@click.command(
    cls=BenchCommand,
    short_help="List the methods, or show what fixes the settings of one.",
    examples=(
        ("all methods", "mswal-bench methods"),
        ("where each setting of one comes from", "mswal-bench methods inception-nnunet --variant II"),
    ),
)
@click.argument("method", type=MethodName(), required=False)
@click.option("--variant", help="Show the card of this variant of METHOD.")
@click.option("--names", is_flag=True, help="For scripts: print the names of all methods, one a line.")
@click.option("--json", "as_json", is_flag=True, help="For programs: print all of it, the settings of all budgets too.")
def methods(method: str | None, variant: str | None, names: bool, as_json: bool) -> None:
    """List the methods, those of installed plug-ins too; of METHOD, show its fidelity card.

    The card says what fixes each setting, and where the method differs from the original. A plug-in that cannot be used
    is named on the error output, with the reason; --names loads none, and so lists it.
    """
    from mswal_bench.benchmark.runs.method_text import card_text, method_data, methods_table

    if names and (method is not None or as_json):
        raise click.UsageError("--names is of all methods, and goes with nothing else.")
    if variant is not None and method is None:
        raise click.UsageError("--variant needs a METHOD.")
    if names:
        click.echo("\n".join(method_names()))
        _warn(refused_names())
        return
    width = max(shutil.get_terminal_size((100, 24)).columns, _NARROWEST)
    if method is not None:
        chosen = chosen_method(method, variant)
        click.echo(_json(method_data(chosen)) if as_json else card_text(chosen, width))
        return
    every, broken = all_methods()
    click.echo(_json([method_data(each) for each in every]) if as_json else methods_table(every, width))
    _warn(broken)


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)


def _warn(broken: Iterable[PlugInError]) -> None:
    for error in broken:
        for problem in plug_in_problems(error):
            click.echo(f"warning: {plain_text(str(problem))}", err=True)
