"""The checks as text for a terminal, Markdown, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from textwrap import fill
from typing import Literal

from tabulate import tabulate

from mswal_bench.benchmark.tables.escaping import markdown_text

from .check import Check, differing

ChecksFormat = Literal["text", "markdown", "csv", "json"]
_HEADS = ("What", "Where", "Printed", "Recomputed", "", "By", "Reading")
_WIDTHS = (42, 12, 20, 20, 7, 7, 30)


def format_checks(checks: Sequence[Check], style: ChecksFormat) -> str:
    """A row a check and, for people, how many agree; without a newline at its end."""
    if style == "json":
        rows = [{**asdict(check), "by": None if check.by is None else str(check.by)} for check in checks]
        return json.dumps(rows, indent=2, ensure_ascii=False)
    if style == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("what", "where", "printed", "recomputed", "verdict", "by", "reading"))
        writer.writerows(_row(check) for check in checks)
        return text.getvalue().rstrip("\n")
    differ = len(differing(checks))
    summary = f"{len(checks)} checks: {len(checks) - differ} agree, {differ} differ."
    if style == "markdown":
        escaped = [[markdown_text(cell) for cell in _row(check)] for check in checks]
        return f"{tabulate(escaped, _HEADS, tablefmt='pipe', disable_numparse=True)}\n\n{summary}"
    filled = [[fill(cell, width) for cell, width in zip(_row(check), _WIDTHS, strict=True)] for check in checks]
    table = tabulate(filled, _HEADS, tablefmt="simple", disable_numparse=True)
    return f"{table}\n\n{summary}"


def _row(check: Check) -> tuple[str, ...]:
    by = "" if check.by is None else f"{check.by:+}"
    return check.what, check.where, check.printed, check.recomputed, check.verdict, by, check.reading
