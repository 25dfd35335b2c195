"""Holds what became of validating a submission, and writes it: a few lines for each kind of finding, or JSON of all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mswal_bench.benchmark.core.counted import counted
from mswal_bench.benchmark.core.errors import Problem, listed
from mswal_bench.benchmark.core.findings import counts
from mswal_bench.benchmark.tables.escaping import plain_text
from mswal_bench.benchmark.tables.notebook import notebook_html, plain_view
from mswal_bench.benchmark.tables.terminal_letters import as_printed
from mswal_bench.benchmark.tables.view import TableView, Title

from .findings_catalogue import SubmissionFinding
from .submission_form import SubmissionForm

if TYPE_CHECKING:
    import pandas

NOT_VALID = "not valid: "
"""Begins the verdict on a submission that cannot be scored."""
_MOST_LINES = 5
_MOST_NAMES = 8


@dataclass(frozen=True)
class Validation:
    """What became of validating a submission.

    Printed, it is what `mswal-bench validate` prints; in a notebook it is a table of the findings.
    """

    form: SubmissionForm | None
    """None where a finding says why."""
    predictions: Mapping[str, str]
    """Case id -> the file's name inside the submission, for every case that has just one; by case id."""
    findings: tuple[SubmissionFinding, ...]
    """Everything, errors first."""
    cases: int
    """Of the manifest."""
    deep: bool
    """Whether voxels were read too."""

    @property
    def ok(self) -> bool:
        """Tells whether it can be scored: there is no error."""
        return self.number("error") == 0

    def number(self, severity: str) -> int:
        """Counts the findings that are an `error`, or a `note`."""
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Gives the errors among the findings, for a BenchError."""
        return tuple(
            Problem(
                f"{finding.what} [{finding.code}]",
                plain_text(finding.file or finding.case),
                plain_text(finding.expected),
                plain_text(finding.found),
                finding.mend,
            )
            for finding in self.findings
            if finding.severity == "error"
        )

    def to_frame(self) -> pandas.DataFrame:
        """Makes a frame with a row a finding, errors first.

        Its columns, all text, are code, severity, case, file, what, expected, found, mend and field.
        """
        import pandas

        columns = SubmissionFinding(next(iter(SubmissionFinding.kinds))).to_json().keys()
        return pandas.DataFrame([finding.to_json() for finding in self.findings], columns=list(columns))

    def __str__(self) -> str:
        return as_printed(validation_text(self))

    def _repr_html_(self) -> str:
        return notebook_html(validation_view(self))


def validation_json(validation: Validation) -> str:
    """Writes everything as JSON, for programs."""
    form = validation.form
    report = {
        "schema_version": 1,
        "valid": validation.ok,
        "deep": validation.deep,
        "cases": validation.cases,
        "form": form.model_dump(mode="json") if form is not None else None,
        "predictions": dict(validation.predictions),
        "findings": [finding.to_json() for finding in validation.findings],
    }
    return json.dumps(report, indent=1)


def validation_text(validation: Validation) -> str:
    """Says once what all findings of a kind share, shows the first of many, and ends with the verdict.

    Nothing that comes from the submission can do more than be read.
    """
    lines: list[str] = []
    for kind, count in counts(validation.findings).items():
        of_kind = [finding for finding in validation.findings if finding.code == kind.code]
        times = f", {count} times" if count > 1 else ""
        lines.append(f"{kind.severity}: {kind.what}{times} [{kind.code}]. {kind.mend}".rstrip())
        lines += [f"    {line}" for line in _details(of_kind)]
    return "\n".join([*lines, verdict(validation)])


def validation_view(validation: Validation) -> TableView:
    """Lays the findings out as a table for HTML, a row each, with the verdict above them."""
    heads = ["Finding", "Severity", "Where", "What", "Found", "Expected", "What to do"]
    rows = [
        [finding.code, finding.severity]
        + [
            plain_text(text)
            for text in (
                _place(finding) or finding.case,
                finding.what,
                finding.found,
                finding.expected,
                finding.mend,
            )
        ]
        for finding in validation.findings
    ]
    summary = verdict(validation)
    return plain_view(heads, rows, title=Title("Validation", summary[0].upper() + summary[1:], label=""), words=True)


def verdict(validation: Validation) -> str:
    """Says in one sentence whether it can be scored, and how closely was looked."""
    looked = "headers and voxels were checked" if validation.deep else "headers were checked; --deep reads the voxels"
    predicted = f"{len(validation.predictions)} of {counted(validation.cases, 'case')}"
    errors, notes = validation.number("error"), validation.number("note")
    noted = f", {counted(notes, 'note')}" if notes else ""
    if validation.ok:
        return f"valid: predictions of {predicted}{noted}. The {looked}."
    found = f"{NOT_VALID}{counted(errors, 'error')}{noted}. Predictions of {predicted} were found"
    return f"{found}. The {looked}." if validation.predictions else f"{found}."


def _details(findings: Sequence[SubmissionFinding]) -> list[str]:
    if all(not finding.found and not finding.field for finding in findings):
        names = [plain_text(finding.case or finding.file) for finding in findings]
        shown = [name for name in names if name]
        return (
            [listed(shown, _MOST_NAMES)]
            if shown
            else [f"expected {each.expected}" for each in findings[:1] if each.expected]
        )
    lines = [_detail(finding) for finding in findings[:_MOST_LINES]]
    return [*lines, f"and {len(findings) - _MOST_LINES} more"] if len(findings) > _MOST_LINES else lines


def _detail(finding: SubmissionFinding) -> str:
    place = _place(finding)
    expected = f"expected {finding.expected}" if finding.expected else ""
    told = "; ".join(filter(None, (finding.found, expected)))
    return plain_text(": ".join(filter(None, (place, told))))


def _place(finding: SubmissionFinding) -> str:
    return ", ".join(filter(None, (finding.file, finding.field)))
