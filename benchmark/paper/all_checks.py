"""Computes again what follows from the paper's own numbers, and tells it as text.

What this says of a wrong transcription. Every cell of Table 2 is in two sums of seven cells, its method's Avg. and its
lesion type's average score: off by 0.1 or more it makes both differ anew. Off by less it can hide behind the truncation
of the printed averages. Where Inception nnU-Net is best, its cell and the second best are in a printed improvement as
well, to the last digit. A wrong average differs from its cells. The DSC of Table 3 are in differences that the text
states, to the last digit, and its row V in Table 2; F1 of its rows I to IV, and its ticks, are in nothing else. Every
DSC of Table 4 is in an improvement and in the text, to the last digit. Of Table 1 only MSWAL's own row is repeated, in
Section 2. So the tests compare every cell with the paper's text as well, where that is at hand.
"""

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
from .checks_of_data_set import data_set_checks
from .checks_of_scores import score_checks
from .checks_of_sentences import sentence_checks

ChecksFormat = Literal["text", "markdown", "csv", "json"]
_HEADS = ("What", "Where", "Printed", "Recomputed", "", "By", "Reading")
_WIDTHS = (42, 12, 20, 20, 7, 7, 30)


def all_checks() -> list[Check]:
    """Every check, in the order of the paper's tables, then of its text, then of the data set."""
    return [*score_checks(), *sentence_checks(), *data_set_checks()]


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
