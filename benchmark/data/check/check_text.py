"""Writes an inspection as text (a line per finding, a line per kind, the verdict) and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from mswal_bench.benchmark.core.errors import listed
from mswal_bench.benchmark.core.findings import counts

from .check_dataset import Inspection
from .findings_catalogue import DataFinding
from .repair_headers import KEPT, LOG, Fix, Repaired


def report_json(inspection: Inspection, repaired: Repaired | None = None) -> str:
    """Returns the inspection as JSON; with `repaired`, also what was changed and what could not be."""
    report = inspection.to_json()
    if repaired is not None:
        report["fixes"] = [asdict(fix) for fix in repaired.fixes]
        report["not_fixed"] = [asdict(problem) for problem in repaired.problems]
    return json.dumps(report, indent=1)


def report_text(inspection: Inspection, repaired: Repaired | None = None) -> str:
    """Returns the inspection as lines of text; with `repaired`, the repairs come first.

    What a kind of finding means and what to do about it is said once, in the summary.
    """
    rows = [(one.case or "-", one.severity, one.code, f"{one.file}: {_told(one)}") for one in inspection.findings]
    lines = [*_aligned(rows), *([""] if rows else [])]
    summary = [
        (kind.severity, kind.code, f"{count:>5}", f"{kind.what}. {kind.mend}")
        for kind, count in counts(inspection.findings).items()
    ]
    lines += [*_aligned(summary), *([""] if summary else [])]
    fixed = _fixed(repaired.fixes) if repaired is not None else []
    return "\n".join([*fixed, *lines, verdict(inspection)])


def verdict(inspection: Inspection) -> str:
    """Returns a sentence that says how much was read and how much of it is wrong."""
    read = f"{len(inspection.results)} cases, {inspection.files} files, {inspection.file_bytes / 1e9:.2f} GB"
    if not inspection.findings:
        return f"{read}: nothing is wrong."
    errors, warnings = inspection.number("error"), inspection.number("warning")
    touched = len({one.case for one in inspection.findings if one.case})
    where = f", in {_counted(touched, 'case')}" if touched else ""
    text = f"{read}: {_counted(errors, 'error')}, {_counted(warnings, 'warning')}{where}."
    repairable = len({one.file for one in inspection.findings if one.repairable})
    return f"{text} --fix repairs {_counted(repairable, 'file')}." if repairable else text


def _fixed(fixes: Sequence[Fix]) -> list[str]:
    if not fixes:
        return ["Nothing was repaired.", ""]
    lines = _aligned([(fix.case, "repaired", f"{fix.file}: {', '.join(fix.changes)}") for fix in fixes])
    lines += ["", f"{_counted(len(fixes), 'label')} repaired; the originals and {LOG} are in {KEPT}."]
    turned = [fix.case for fix in fixes if fix.turned]
    if turned:
        lines.append(
            "Their axes pointed elsewhere than the image's. If the old header was right, they are mirrored or turned "
            f"now: look at them over their images: {listed(turned, len(turned))}."
        )
    return [*lines, ""]


def _told(finding: DataFinding) -> str:
    return f"{finding.found}; expected {finding.expected}" if finding.expected else finding.found


def _counted(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}" + ("" if count == 1 else "s")


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    # The last column is free text.
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]
