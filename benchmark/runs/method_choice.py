"""A method as a user names it."""

from __future__ import annotations

from mswal_bench.baselines.method import Method
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.suggestions import did_you_mean


def chosen_method(name: str, variant: str | None = None) -> Method:
    """The registered method `name`, or a variant of it. Raises BenchError when there is none of that name."""
    if name not in METHODS:
        expected = f"one of: {', '.join(METHODS)}"
        raise BenchError(Problem(f"there is no method {name!r}", expected=expected, mend=did_you_mean(name, METHODS)))
    method = METHODS[name]
    if variant is None:
        return method
    variants = method.variants()
    if variant not in variants:
        known = ", ".join(variants) or "none"
        what = f"{name} has no variant {variant!r}"
        raise BenchError(Problem(what, expected=f"one of: {known}", mend=did_you_mean(variant, variants)))
    return variants[variant]
