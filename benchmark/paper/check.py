"""Defines `Check`, which compares a statement of the paper with what follows from its other numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Verdict = Literal["agrees", "differs"]


@dataclass(frozen=True)
class Check:
    """Compares one statement of the paper with what follows from its other numbers."""

    what: str
    """Names what the statement is about."""
    where: str
    """Names the table or section of the paper."""
    printed: str
    """Is the statement as the paper prints it."""
    recomputed: str
    """Is what follows from the other numbers; a mean has four decimals."""
    verdict: Verdict
    by: Decimal | None = None
    """Is the printed minus the recomputed number; None when they are equal or not both numbers."""
    reading: str = ""
    """Says what may be behind a difference."""


def same(what: str, where: str, printed: Decimal | int, recomputed: Decimal | int, reading: str = "") -> Check:
    """Checks that two numbers are equal to the last digit; `reading` is kept when they are not."""
    difference = Decimal(printed) - Decimal(recomputed)
    if not difference:
        return Check(what, where, f"{printed:,}", f"{recomputed:,}", "agrees")
    return Check(what, where, f"{printed:,}", f"{recomputed:,}", "differs", difference, reading)


def holds(what: str, where: str, printed: str, recomputed: str, true: bool, reading: str = "") -> Check:
    """Checks a statement in words; `true` says whether it holds."""
    return Check(what, where, printed, recomputed, "agrees" if true else "differs", None, reading)


def differing(checks: Iterable[Check]) -> list[Check]:
    """Returns the checks whose verdict is `differs`."""
    return [check for check in checks if check.verdict == "differs"]
