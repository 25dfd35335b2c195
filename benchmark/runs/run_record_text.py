"""Lays out the record of a run: what ran, and what it scored."""

from __future__ import annotations

from tabulate import tabulate

from mswal_bench.benchmark.tables.notebook import plain_view
from mswal_bench.benchmark.tables.view import TableView, Title, percent

from .run_record import RunRecord

_HEADS = ("Lesion", "DSC", "F1")


def run_record_text(record: RunRecord) -> str:
    """DSC and F1 of each class, in percent, and what they are of."""
    rows = _rows(record)
    table = tabulate(rows, _HEADS, tablefmt="simple", disable_numparse=True, colalign=("left", "right", "right"))
    return "\n".join([_title(record), "", *([table, ""] if rows else []), *_notes(record)])


def run_record_view(record: RunRecord) -> TableView:
    """The same table laid out for HTML."""
    return plain_view(_HEADS, _rows(record), _notes(record), title=Title(_title(record), "", label=""))


def _title(record: RunRecord) -> str:
    folds = "fold" if len(record.folds) == 1 else "folds"
    cases = "1 case" if record.cases == 1 else f"{record.cases} cases"
    return f"{record.title}, {record.track}, {folds} {', '.join(map(str, record.folds))}: {cases} predicted"


def _rows(record: RunRecord) -> list[list[str]]:
    method = record.method_scores
    if method is None:
        return []
    numbers = [(key.replace("_", " ").capitalize(), of.dsc, of.f1) for key, of in method.classes.items()]
    numbers.append(("Avg.", method.average.dsc, method.average.f1))
    return [[name, percent(dsc), percent(f1)] for name, dsc, f1 in numbers]


def _notes(record: RunRecord) -> list[str]:
    identity = record.identity
    ran = f"{identity.method} on {identity.dataset}, budget {identity.budget}, seed {identity.seed}."
    if record.scores is None:
        return [ran, "Not scored, for the labels of the predicted cases are not there."]
    return [ran, f"Percent. Protocol {record.scores.protocol}."]
