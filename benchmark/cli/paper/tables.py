"""Defines `mswal-bench tables`, which prints the paper's tables, from its values or from one's own results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mswal_bench.benchmark.cli.choices import Choice
from mswal_bench.benchmark.cli.help_pages import BenchCommand
from mswal_bench.benchmark.cli.organiser_options import organiser_of_option, organiser_option

if TYPE_CHECKING:
    from mswal_bench.benchmark.paper.build_tables import TableName
    from mswal_bench.benchmark.tables.formats import ViewFormat

_ALL, _CHECK = "all", "check"
_CHECK_FORMATS = ("text", "markdown", "csv", "json")


@click.command(
    cls=BenchCommand,
    short_help="Print the paper's tables, or one's own in their shape.",
    examples=(
        ("Table 2 as printed", "mswal-bench tables 2"),
        (
            "the same with methods of your own, for a paper",
            "mswal-bench tables 2 --results results --track official-test --format latex",
        ),
        ("which printed numbers follow from others", "mswal-bench tables check"),
    ),
)
@click.argument("table", type=Choice(["1", "2", "3", "4", "difficulty", _ALL, _CHECK]))
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Fill the tables with the evaluated submissions, finished runs and transfer experiments in and below DIR.",
)
@click.option("--track", help="With --results: the track whose results are shown, where there are several.")
@click.option(
    "--ours",
    metavar="METHOD",
    help="The method whose improvements over the best other one Table 2 tells.  [default: inception-nnunet]",
)
@click.option(
    "--format",
    "style",
    type=Choice(["text", "markdown", "latex", "html", "csv", "json"]),
    default="text",
    show_default=True,
    help="csv holds the values of one table alone; json is for check; latex needs booktabs, graphicx and amssymb.",
)
@organiser_option
def tables(
    table: str, results: Path | None, track: str | None, ours: str | None, style: str, organiser: Path | None
) -> None:
    """Print a TABLE of the paper, from the paper's values or from one's own results in the same shape.

    \b
    1           the public data sets of abdominal CT, compared
    2           seven methods on seven lesion types, best bold, second best underlined
    3           the ablation of Inception nnU-Net
    4           transfer learning to LiTS and KiTS
    difficulty  the lesion types, hardest first
    all         all of these
    check       what of the paper's numbers follows from others, computed anew

    With --results, one's own methods come first, and a method or a lesion type without any number is left out and
    named. Results on several tracks or against several labels are refused until they are of one. Table 1 compares data
    sets and is printed from the paper only. check exits with 0 though some numbers differ: they are the paper's.
    """
    from mswal_bench.benchmark.paper.build_tables import OWN_TABLES, TABLES

    _refuse_wrong_calls(table, results, track, ours, style)
    # Of the environment it is for all commands.
    if results is None and click.get_current_context().get_parameter_source("organiser") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--organiser is of --results: the paper's values are not signed.")
    if table == _CHECK:
        from mswal_bench.benchmark.paper.all_checks import all_checks, format_checks

        click.echo(format_checks(all_checks(), style))  # type: ignore[arg-type]
        return
    names: list[TableName] = [name for name in TABLES if table in (name, _ALL)]
    _print_tables(
        [name for name in names if results is None or name in OWN_TABLES], results, track, ours, style, organiser
    )


def _print_tables(
    names: list[TableName],
    results: Path | None,
    track: str | None,
    ours: str | None,
    style: str,
    organiser: Path | None,
) -> None:
    from mswal_bench.benchmark.cli.scoring.table_output import print_views
    from mswal_bench.benchmark.paper.build_tables import own_tables, printed_tables
    from mswal_bench.benchmark.paper.printed import printed_csv
    from mswal_bench.benchmark.paper.table_2_view import OURS

    view_style: ViewFormat = "table" if style == "text" else style  # type: ignore[assignment]
    if results is None and style == "csv" and names != ["difficulty"]:
        click.echo(printed_csv(f"table{names[0]}").rstrip("\n"))
        return
    if results is None:
        print_views(printed_tables(names, ours or OURS), view_style)
        return
    views, notes = own_tables(names, results, track, ours or OURS, organiser_of_option(organiser))
    for note in notes:
        click.echo(f"note: {note}", err=True)
    print_views(views, view_style)


def _refuse_wrong_calls(table: str, results: Path | None, track: str | None, ours: str | None, style: str) -> None:
    if table == "1" and results is not None:
        raise click.UsageError("Table 1 compares data sets, not results: there is no --results for it.")
    if table == _CHECK and (results is not None or ours is not None):
        raise click.UsageError("check looks at the paper's values alone: no --results and no --ours.")
    if track is not None and (results is None or table == "4"):
        raise click.UsageError("--track chooses among the --results for tables 2, 3 and difficulty.")
    if ours is not None and table not in ("2", _ALL):
        raise click.UsageError("--ours is for Table 2.")
    if ours is not None and style == "csv":
        raise click.UsageError("csv holds the values alone: there is nothing for --ours to mark.")
    if style == "csv" and table == _ALL:
        raise click.UsageError("csv holds one table: name one of 1, 2, 3, 4, difficulty.")
    if table == _CHECK and style not in _CHECK_FORMATS:
        raise click.UsageError(f"check is printed as {', '.join(_CHECK_FORMATS)}.")
    if table != _CHECK and style == "json":
        raise click.UsageError("json is for check.")
