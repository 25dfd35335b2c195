"""One check of the paper's numbers: a statement of it beside what follows from its other numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Verdict = Literal["agrees", "differs"]


@dataclass(frozen=True)
class Check:
    """One statement of the paper beside what follows from its other numbers."""

    what: str
    where: str
    """In the paper: a table, a section."""
    printed: str
    recomputed: str
    """As exactly as is of use: of a mean four decimals."""
    verdict: Verdict
    by: Decimal | None = None
    """Printed less recomputed, where both are numbers and they differ."""
    reading: str = ""
    """What may be behind a difference."""


def same(what: str, where: str, printed: Decimal | int, recomputed: Decimal | int, reading: str = "") -> Check:
    """A number that must be another, to the last digit; the reading is kept where it is not."""
    difference = Decimal(printed) - Decimal(recomputed)
    if not difference:
        return Check(what, where, f"{printed:,}", f"{recomputed:,}", "agrees")
    return Check(what, where, f"{printed:,}", f"{recomputed:,}", "differs", difference, reading)


def holds(what: str, where: str, printed: str, recomputed: str, true: bool, reading: str = "") -> Check:
    """A statement in words."""
    return Check(what, where, printed, recomputed, "agrees" if true else "differs", None, reading)


def differing(checks: Iterable[Check]) -> list[Check]:
    """Those that differ."""
    return [check for check in checks if check.verdict == "differs"]
