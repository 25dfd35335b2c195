"""Checks and reads the values that a function is called with, as a command line does its options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from pathlib import Path

from .errors import BenchError, Problem, raise_if_any
from .suggestions import did_you_mean

MOST_DRAWS = 1_000_000
"""Verifying a stranger's record draws as many as it says."""


def one_of(name: str, value: str, known: Iterable[str]) -> str:
    """Returns `value`. Raises BenchError, with the one that may be meant, where it is none of `known`."""
    values = [str(each) for each in known]
    if value not in values:
        mend = did_you_mean(value, values)
        raise BenchError(Problem(f"there is no {name} {value!r}", expected=f"one of {', '.join(values)}", mend=mend))
    return value


def check_numbers(
    *,
    jobs: int | None = None,
    seed: int = 0,
    draws: Mapping[str, int] | None = None,
    memory_gb: float | None = None,
) -> None:
    """Raises BenchError with every number that is out of range.

    A seed is from 0 on, `jobs` are from 1 on or None, `memory_gb` above 0 or None. `draws` are numbers of resamples or
    permutations, by name.
    """
    problems = []
    if seed < 0:
        problems.append(Problem("seed is out of range", expected="a number from 0 on", found=str(seed)))
    if jobs is not None and jobs < 1:
        problems.append(Problem("jobs is out of range", expected="a number from 1 on, or None", found=str(jobs)))
    for name, number in (draws or {}).items():
        if not 1 <= number <= MOST_DRAWS:
            problems.append(Problem(f"{name} is out of range", expected=f"1 to {MOST_DRAWS}", found=str(number)))
    if memory_gb is not None and not 0 < memory_gb < inf:
        problems.append(
            Problem("memory_gb is out of range", expected="a number above 0, or None", found=str(memory_gb))
        )
    raise_if_any(problems)


def paths_of(given: str | Path | Sequence[str | Path]) -> list[Path]:
    """Returns the paths of what is one of them or several."""
    return [Path(path) for path in ([given] if isinstance(given, str | Path) else given)]


def path_or_none(given: str | Path | None) -> Path | None:
    """Returns the path that is given, if any."""
    return None if given is None else Path(given)
