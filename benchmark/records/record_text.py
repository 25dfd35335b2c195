"""Writes records as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tabulate import tabulate

from mswal_bench.benchmark.scoring.estimates import Estimate
from mswal_bench.benchmark.tables.notebook import plain_view
from mswal_bench.benchmark.tables.view import UNDEFINED, TableView, Title
from mswal_bench.benchmark.tables.wrapped_table import wrapped_table
from mswal_bench.metrics.resampling.bootstrap import FEWEST_CASES

from .result_record import ResultRecord


def record_text(record: ResultRecord) -> str:
    """Writes one record: DSC and F1 of each class with their intervals, in percent, and what they are of."""
    table = tabulate(_rows(record), _HEADS, tablefmt="simple", disable_numparse=True, colalign=_ALIGN)
    return "\n".join([_title(record), "", table, "", *_notes(record)])


def record_view(record: ResultRecord) -> TableView:
    """The same table laid out for HTML."""
    return plain_view(_HEADS, _rows(record), _notes(record), title=Title(_title(record), "", label=""))


def _rows(record: ResultRecord) -> list[list[str]]:
    rows = [[key.replace("_", " ").capitalize(), _text(of.dsc), _text(of.f1)] for key, of in record.classes.items()]
    return [*rows, ["Avg.", _text(record.average.dsc), _text(record.average.f1)]]


def _title(record: ResultRecord) -> str:
    return f"{record.form.method}, {record.track}{' (hidden)' if record.hidden else ''}, {record.status}: {record.id}"


def _notes(record: ResultRecord) -> list[str]:
    cases = "1 case" if record.cases == 1 else f"{record.cases} cases"
    missing = f", {len(record.missing)} without a prediction and counted as empty" if record.missing else ""
    drawn = record.bootstrap
    return [
        f"Percent, and {100 * drawn.confidence:g} % intervals over cases "
        f"({drawn.resamples:,} resamples, seed {drawn.seed}).",
        *_why_less(record),
        f"Protocol {record.protocol}, {cases}{missing}.",
    ]


def records_table(records: Sequence[ResultRecord], *, width: int | None = None) -> str:
    """Writes a row for every record; empty for none. What does not fit into `width` characters comes below."""
    rows = [
        [
            record.track,
            record.form.method,
            _text(record.average.dsc),
            _text(record.average.f1),
            str(record.cases),
            record.status,
            f"{record.created_at:%F}",
            record.id,
        ]
        for record in records
    ]
    heads = ["Track", "Method", "Avg. DSC", "Avg. F1", "Cases", "Status", "Date", "Id"]
    align = ["left", "left", "right", "right", "right", "left", "left", "left"]
    return wrapped_table(heads, rows, align, width=width, keep=2) if rows else ""


def _why_less(record: ResultRecord) -> Iterator[str]:
    """Why numbers or intervals are not there."""
    few = f"fewer than {FEWEST_CASES} cases have such a lesion in their reference or their prediction"
    shown = [estimate for of in record.classes.values() for estimate in (of.dsc, of.f1)]
    if record.hidden:
        if any(estimate.value is None for estimate in shown):
            yield f"{UNDEFINED}: withheld, for {few}."
        return
    if any(estimate.value is None for estimate in shown):
        yield f"{UNDEFINED}: undefined, for no case has such a lesion in its reference or its prediction."
    if any(estimate.value is not None and estimate.low is None for estimate in shown):
        yield f"Without an interval: {few}."


def _text(estimate: Estimate) -> str:
    if estimate.value is None:
        return UNDEFINED
    text = f"{100 * estimate.value:.2f}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} ({100 * estimate.low:.2f} to {100 * estimate.high:.2f})"


_HEADS = ("Lesion", "DSC", "F1")
_ALIGN = ("left", "right", "right")
