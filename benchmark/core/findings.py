"""Defines `Finding`, what a check reports of a file, and `Kind`, the catalogue's entry for findings of that sort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar, get_args

Severity = Literal["error", "warning", "note"]
"""Grades a finding: an error makes the input unfit for use, a warning asks for a look, a note changes nothing."""


@dataclass(frozen=True)
class Kind:
    """Describes one kind of finding."""

    code: str
    """Identifies the kind and never changes: scripts may rely on it."""
    severity: Severity
    what: str
    """Says what is the matter, without a full stop."""
    mend: str = ""
    """Says in a sentence what to do about it."""


@dataclass(frozen=True)
class Finding:
    """Reports one thing that was found in one file.

    A subclass names the catalogue of its kinds, and may change the order of findings. Raises KeyError for a code that
    the catalogue does not have.
    """

    kinds: ClassVar[Mapping[str, Kind]]
    """Is the catalogue: kinds by their codes."""

    code: str
    """Is a key of `kinds`."""
    file: str = ""
    """Is relative to the folder or archive that was checked, with `/`; empty when the finding is about all of it."""
    found: str = ""
    expected: str = ""
    case: str = ""
    """Is empty when the finding is about no case."""

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
        """Returns the key by which findings are sorted."""
        return self.case, self.file, self.code, self.found

    def to_json(self) -> dict[str, Any]:
        """Returns the fields for JSON; every catalogue has the same ones."""
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
    """Sorts findings by their `order`."""
    return tuple(sorted(findings, key=lambda one: one.order))


def counts(findings: Sequence[Finding]) -> dict[Kind, int]:
    """Counts the findings of each kind: errors, warnings, then notes, each in the catalogue's order.

    All findings must have the same catalogue. Without findings the result is empty.
    """
    found = Counter(one.code for one in findings)
    kinds = [kind for kind in findings[0].kinds.values() if kind.code in found] if findings else []
    return {kind: found[kind.code] for kind in sorted(kinds, key=lambda kind: get_args(Severity).index(kind.severity))}
