"""What an inspection found, file by file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .findings_catalogue import KINDS, Kind, Severity


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one file."""

    code: str
    """A key of `KINDS`, which says what that means and what to do."""
    case: str
    """Empty where it is about the data set and not about a case."""
    file: str
    """Relative to the raw folder, with `/`."""
    found: str
    expected: str = ""
    repairable: bool = False
    """Whether `--fix` repairs it."""

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]

    @property
    def severity(self) -> Severity:
        return self.kind.severity

    def to_json(self) -> dict[str, Any]:
        kind = self.kind
        return {
            "code": self.code,
            "severity": kind.severity,
            "case": self.case,
            "file": self.file,
            "what": kind.what,
            "expected": self.expected,
            "found": self.found,
            "mend": kind.mend,
            "repairable": self.repairable,
        }


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Sorted by case and file; what is about the whole data set first."""
    return tuple(sorted(findings, key=lambda one: (one.case, one.file, one.code, one.found)))


def counts(findings: Sequence[Finding]) -> dict[Kind, int]:
    """How often each kind was found, in the order of `KINDS`: errors first."""
    found = Counter(one.code for one in findings)
    kinds = [kind for kind in KINDS.values() if kind.code in found]
    return {kind: found[kind.code] for kind in sorted(kinds, key=lambda kind: kind.severity)}
