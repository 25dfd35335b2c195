"""Checks what a user says of a model that is handed on."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.wrong_values import wrong_values

from .bundle_form import About


def about_of(authors: Sequence[str], licence: str | None, contact: str | None) -> About:
    """The given values. Raises BenchError for one that no bundle can have."""
    try:
        return About(authors=list(authors), licence=licence, contact=contact)
    except ValidationError as error:
        raise BenchError(Problem("cannot stand in a bundle", found=wrong_values(error))) from error
