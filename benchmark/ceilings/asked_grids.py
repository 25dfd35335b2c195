"""Finds the grid of each method or run that a user names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.baselines.label_grid import LabelGrid
from mswal_bench.baselines.method import Budget, Method, MethodError
from mswal_bench.baselines.registry import find_variant
from mswal_bench.baselines.stored_cases import StoredCase
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.runs.method_choice import chosen_method
from mswal_bench.benchmark.runs.run_folder import STATE_FILE, RunFolder
from mswal_bench.benchmark.scoring.case_folders import folder_name

_UNKNOWN = "does not tell on which grid its network sees labels"


@dataclass(frozen=True)
class AskedGrid:
    """A method or a run whose grid is asked for."""

    name: str
    """In tables: of two runs of a method, the folder's."""
    method: Method
    planned: LabelGrid | None
    """As the run has planned it; None for a method without a run."""

    def on(self, cases: Sequence[StoredCase]) -> LabelGrid:
        """The grid: a run's own, or what the method plans for these training cases. Raises BenchError."""
        grid = self.planned or self.method.label_grid(cases, Budget.PAPER)
        if grid is None:
            raise BenchError(Problem(f"the method {_UNKNOWN}", self.method.name))
        return grid


def asked_grids(names: Sequence[str]) -> list[AskedGrid]:
    """What each name stands for: a folder is a run's, anything else a method's name.

    Raises BenchError with every name that stands for nothing, and for names that would be one in the table.
    """
    problems: list[Problem] = []
    found: list[tuple[AskedGrid, str]] = []
    for name in names:
        try:
            if (Path(name) / STATE_FILE).is_file():
                found.append((grid_of_run(Path(name)), folder_name(Path(name))))
            elif Path(name).is_dir():
                mend = "Name the work folder of a run that is prepared, or a method."
                problems.append(Problem("is not the work folder of a run", name, STATE_FILE, mend=mend))
            else:
                found.append((AskedGrid(name, chosen_method(*(find_variant(name) or (name, None))), None), name))
        except BenchError as error:
            problems += error.problems
    often = Counter(asked.name for asked, _ in found)
    named = [AskedGrid(other if often[one.name] > 1 else one.name, one.method, one.planned) for one, other in found]
    for name, count in Counter(asked.name for asked in named).items():
        if count > 1:
            problems.append(Problem(f"{count} columns of the table would have one name", name, mend="Name it once."))
    raise_if_any(problems)
    return named


def grid_of_run(work: Path) -> AskedGrid:
    """The grid of a run that is prepared. Raises BenchError."""
    identity = RunFolder(work).state().identity
    method = chosen_method(*(find_variant(identity.method) or (identity.method, None)))
    try:
        planned = method.planned_label_grid(work)
    except MethodError as error:
        raise BenchError(Problem(str(error), str(work))) from error
    if planned is None:
        raise BenchError(Problem(f"the run's method {_UNKNOWN}", str(work), found=identity.method))
    return AskedGrid(identity.method, method, planned)
