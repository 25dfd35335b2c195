"""Finds the methods that a launch names."""

from __future__ import annotations

from collections.abc import Sequence

from mswal_bench.baselines.method import Method
from mswal_bench.baselines.registry import METHODS, find_variant
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.jobs.tasks import NO_RUNS
from mswal_bench.benchmark.runs.method_choice import chosen_method

ALL_METHODS = "all"
"""Stands for every method of this package; plug-ins are named."""


def launched_methods(names: Sequence[str]) -> tuple[Method, ...]:
    """The methods of these names, in order, each once: also variants, by the names that their runs have.

    Raises BenchError for a name that no method has.
    """
    asked = [name for each in names for name in (METHODS if each == ALL_METHODS else [each])]
    problems: list[Problem] = []
    methods = {}
    for name in asked:
        if name in NO_RUNS:
            what, mend = (
                f"a method named {name!r} cannot be launched",
                "A launch has tasks of that name; `run` runs it.",
            )
            problems.append(Problem(what, mend=mend))
        try:
            methods[name] = chosen_method(*(find_variant(name) or (name, None)))
        except BenchError as error:
            problems += error.problems
    if problems:
        raise BenchError(*problems)
    return tuple(methods.values())
