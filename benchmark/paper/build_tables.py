"""Builds the tables that a user asks for, from the paper's values or from the user's own results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.core.suggestions import did_you_mean
from mswal_bench.benchmark.records.organiser_key import PublicKey
from mswal_bench.benchmark.runs.transfer import TransferRecord
from mswal_bench.benchmark.tables.view import TableView

from .own_comparison import basis_note, compared, own_comparison
from .own_results import OwnResult, of_one_basis, read_own_results
from .printed import SOURCE
from .result_folders import find_results
from .table_1 import printed_table_1
from .table_2 import Comparison, printed_comparison
from .table_2_view import OURS, comparison_view, difficulty_view, printed_table_2
from .table_3 import ablated, ablation_view, own_ablation, printed_table_3
from .table_4 import gains_view, own_gains, printed_table_4, read_transfers

TableName = Literal["1", "2", "3", "4", "difficulty"]
TABLES: tuple[TableName, ...] = ("1", "2", "3", "4", "difficulty")
OWN_TABLES: tuple[TableName, ...] = ("2", "3", "4", "difficulty")
"""Are the tables that can be made of one's own results; Table 1, which compares data sets, cannot."""


def printed_tables(names: Sequence[TableName], ours: str = OURS) -> list[TableView]:
    """Builds the named tables from the paper's values; `ours` is the method whose improvements Table 2 shows.

    Raises BenchError when Table 2 has no such method.
    """
    build: dict[TableName, Callable[[], TableView]] = {
        "1": printed_table_1,
        "2": lambda: printed_table_2(_checked(ours, printed_comparison())),
        "3": printed_table_3,
        "4": printed_table_4,
        "difficulty": lambda: difficulty_view(
            printed_comparison(), [f"From the average scores as printed in {SOURCE}, Table 2."]
        ),
    }
    return [build[name]() for name in names]


def own_tables(
    names: Sequence[TableName],
    folder: Path,
    track: str | None,
    ours: str = OURS,
    organiser: PublicKey | None = None,
) -> tuple[list[TableView], list[str]]:
    """Builds the named tables, of `OWN_TABLES`, from the results below `folder`; also returns sentences about results
    and tables that were left out.

    A table without any result is left out, and a sentence says so. Table 4 takes every transfer experiment below the
    folder; the other tables take the results of one track and one set of labels. Signatures of evaluated submissions
    are checked by `organiser`, else by the key of their results folder. Raises BenchError when there is no
    result for any table, when results cannot be compared until a track is chosen, and when a record cannot be read.
    """
    found = find_results(folder)
    results, notes = read_own_results(found, folder, organiser) if set(names) != {"4"} else ([], [])
    transfers = read_transfers(found.transfers, folder) if "4" in names else {}
    views: list[TableView] = []
    problems: list[Problem] = []
    for name in names:
        try:
            views.append(_own_table(name, results, transfers, folder, track, ours))
        except _NothingFoundError as error:
            problems += error.problems
    if not views:
        raise BenchError(*dict.fromkeys(problems))
    return views, [*notes, *(f"Left out: {problem}" for problem in dict.fromkeys(problems))]


class _NothingFoundError(BenchError):
    """Is raised when there is no result for a table."""


def _own_table(
    name: TableName,
    results: Sequence[OwnResult],
    transfers: Mapping[str, TransferRecord],
    folder: Path,
    track: str | None,
    ours: str,
) -> TableView:
    if name == "4":
        if not transfers:
            what, mend = "has no results for Table 4", "`mswal-bench transfer` makes one."
            raise _NothingFoundError(Problem(what, str(folder), "a finished transfer experiment", mend=mend))
        return gains_view(*own_gains(transfers))
    if name == "3":
        chosen = _chosen("Table 3", ablated(results), "scored results of inception-nnunet's variants", folder, track)
        return ablation_view(*own_ablation(chosen))
    chosen = _chosen("Table 2" if name == "2" else "the order of difficulty", compared(results), _SCORED, folder, track)
    comparison, notes = own_comparison(chosen)
    if name == "2":
        return comparison_view(comparison, notes, _checked(ours, comparison))
    methods = dict.fromkeys(method.title for method in comparison.methods if method.average.dsc is not None)
    return difficulty_view(comparison, [f"Average score: mean over {listed([*methods])}.", basis_note(chosen)])


_SCORED = "evaluated submissions or scored runs"


def _chosen(table: str, results: Sequence[OwnResult], wanted: str, folder: Path, track: str | None) -> list[OwnResult]:
    on_track = [result for result in results if track is None or result.basis.track == track]
    if not on_track:
        tracks = sorted({result.basis.track for result in results})
        expected = wanted if track is None else f"{wanted} on the track {track}"
        found = f"those of {listed(tracks)}" if tracks else ""
        mend = did_you_mean(track, tracks) if track is not None else ""
        raise _NothingFoundError(Problem(f"has no results for {table}", str(folder), expected, found, mend))
    return of_one_basis(on_track, folder)


def _checked(ours: str, comparison: Comparison) -> str:
    """Returns the method's key. The paper's own method, which is the default, need not be in the table."""
    keys = [method.key for method in comparison.methods]
    if ours not in keys and ours != OURS:
        what, expected = "there is no such method in Table 2", f"one of {', '.join(keys)}"
        raise BenchError(Problem(what, ours, expected, mend=did_you_mean(ours, keys)))
    return ours
