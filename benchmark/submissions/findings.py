"""What was found in a submission, file by file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .findings_catalogue import KINDS, Kind, Severity


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one file of a submission, or worth knowing of it.

    A code that `KINDS` does not have raises KeyError.
    """

    code: str
    """A key of `KINDS`, which says what that means and how to mend it."""
    file: str = ""
    """Its name inside the submission, with `/`; empty where it is about the whole. As it came: escape it to show it."""
    found: str = ""
    """May quote the submission: escape it to show it."""
    expected: str = ""
    case: str = ""
    """The case id of the manifest, where it is about one."""
    field: str = ""
    """The place in `submission.yaml`, such as `cost.gpus` or `authors[2]`."""

    def __post_init__(self) -> None:
        _ = KINDS[self.code]

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]

    @property
    def severity(self) -> Severity:
        return self.kind.severity

    @property
    def what(self) -> str:
        return self.kind.what

    @property
    def mend(self) -> str:
        return self.kind.mend

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.file,
            "case": self.case,
            "field": self.field,
            "what": self.what,
            "expected": self.expected,
            "found": self.found,
            "mend": self.mend,
        }


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors first, kind by kind as in `KINDS`, then by case, file and field."""
    place = {code: number for number, code in enumerate(KINDS)}
    return tuple(
        sorted(
            findings,
            key=lambda one: (one.severity, place[one.code], one.case, one.file, one.field, one.found),
        )
    )


def counts(findings: Sequence[Finding]) -> dict[Kind, int]:
    """How often each kind was found, in the order of `in_order`."""
    found = Counter(one.code for one in findings)
    kinds = [kind for kind in KINDS.values() if kind.code in found]
    return {kind: found[kind.code] for kind in sorted(kinds, key=lambda kind: kind.severity)}
