"""Finds cases that the run of another method has prepared, for a method that would prepare them to the same files."""

from __future__ import annotations

from pathlib import Path

from mswal_bench.baselines.method import Budget, Method
from mswal_bench.baselines.registry import find_variant
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any

from .method_choice import chosen_method
from .run_folder import RunFolder
from .run_record import RunIdentity


def shared_preparation(method: Method, identity: RunIdentity, other: Path) -> RunIdentity:
    """The run in the folder `other`, whose prepared cases `method` takes over for the run of `identity`.

    Raises BenchError when they are not prepared, of other data, or prepared otherwise.
    """
    state = RunFolder(other).state()
    theirs = state.identity
    if state.prepared is None:
        mend = "Run its method with --until prepare first."
        raise BenchError(Problem("its cases are not prepared", str(other), mend=mend))
    differing = [
        Problem(f"its cases are prepared from another {name.replace('_', ' ')}", str(other), mine, its)
        for name in ("dataset", "split_digest", "files_digest", "budget")
        if (mine := str(getattr(identity, name))) != (its := str(getattr(theirs, name)))
    ]
    raise_if_any(differing)
    budget = Budget(identity.budget)
    if method.preparation(budget) is None or _preparation(theirs, budget) != method.preparation(budget):
        what = f"{theirs.method} prepares cases otherwise than {method.name}"
        raise BenchError(Problem(what, str(other), mend="Leave out --prepared-by."))
    return theirs


def _preparation(run: RunIdentity, budget: Budget) -> str | None:
    found = find_variant(run.method)
    return None if found is None else chosen_method(*found).preparation(budget)
