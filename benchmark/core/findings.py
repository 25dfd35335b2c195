"""Describes what a check finds, file by file, and the kinds of thing that it can find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

Severity = Literal["error", "warning", "note"]
"""An error makes what was checked unfit for use; a warning is to be looked at; a note changes nothing."""


@dataclass(frozen=True)
class Kind:
    """One thing that can be wrong, or worth knowing."""

    code: str
    """Stable: scripts may rely on it."""
    severity: Severity
    what: str
    mend: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing that was found in one file. A subclass names the catalogue of its kinds, and the order to tell them in.

    A code that the catalogue does not have raises KeyError.
    """

    kinds: ClassVar[Mapping[str, Kind]]
    """By code."""

    code: str
    """A key of `kinds`, which says what that means and what to do."""
    file: str = ""
    """Relative to what was checked, with `/`; empty where it is about the whole."""
    found: str = ""
    expected: str = ""
    case: str = ""
    """Empty where it is about no case."""

    def __post_init__(self) -> None:
        _ = self.kinds[self.code]

    @property
    def kind(self) -> Kind:
        return self.kinds[self.code]

    @property
    def severity(self) -> Severity:
        return self.kind.severity

    @property
    def what(self) -> str:
        return self.kind.what

    @property
    def mend(self) -> str:
        return self.kind.mend

    @property
    def order(self) -> tuple[str | int, ...]:
        """What findings are sorted by."""
        return self.case, self.file, self.code, self.found

    def to_json(self) -> dict[str, Any]:
        """What every kind of finding tells."""
        return {
            "code": self.code,
            "severity": self.severity,
            "case": self.case,
            "file": self.file,
            "what": self.what,
            "expected": self.expected,
            "found": self.found,
            "mend": self.mend,
        }


AnyFinding = TypeVar("AnyFinding", bound=Finding)


def in_order(findings: Sequence[AnyFinding]) -> tuple[AnyFinding, ...]:
    """Sorted as their catalogue says."""
    return tuple(sorted(findings, key=lambda one: one.order))


def counts(findings: Sequence[Finding]) -> dict[Kind, int]:
    """How often each kind was found: errors first, then in the catalogue's order. `findings` are of one catalogue."""
    found = Counter(one.code for one in findings)
    kinds = [kind for kind in findings[0].kinds.values() if kind.code in found] if findings else []
    return {kind: found[kind.code] for kind in sorted(kinds, key=lambda kind: kind.severity)}
