"""The score table as people read it: the paper's layout in texts and marks, for any kind of output to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Literal

from mswal_bench.benchmark.core.errors import listed
from mswal_bench.benchmark.tables.view import UNDEFINED, Cell, Row, TableView, marked, percent
from mswal_bench.metrics.aggregation import Average, ClassScore, MetricPair, defined_mean

from .score_table import ScoreTable

METRICS: tuple[Literal["dsc", "f1"], ...] = ("dsc", "f1")
METRIC_NAMES = ("DSC", "F1")
AVERAGE_GROUP = "Average score"


def table_view(table: ScoreTable) -> TableView:
    """Lays a score table out as the paper does: lesion types in rows, a pair of columns a method.

    With several methods the best and the second best of each row and metric are marked, and the average score follows.
    What is equal as printed is equal: several best share the mark and leave no second. Methods that were not scored on
    the same cases get no marks. A table that leaves cases out has a warning.
    """
    methods = list(table.methods.values())
    several, comparable = len(methods) > 1, table.is_of_the_same_cases
    rows = []
    for lesion in table.lesion_classes:
        extra = table.average_score[lesion.key] if several else None
        rows.append(Row(lesion.name, _cells([method.classes[lesion.key] for method in methods], extra, comparable)))
    averages = MetricPair(*(_mean_of_averages(table, metric) for metric in METRICS)) if several else None
    rows.append(Row("Avg.", _cells([method.average for method in methods], averages, comparable), is_average=True))
    groups = (*table.methods, AVERAGE_GROUP) if several else tuple(table.methods)
    return TableView(
        "Lesion", groups, (METRIC_NAMES,) * len(groups), tuple(rows), tuple(_notes(table)), warning=warning(table)
    )


def _cells(scores: Sequence[ClassScore | Average], average: MetricPair | None, comparable: bool) -> tuple[Cell, ...]:
    columns = [_cells_of_metric([getattr(score, metric) for score in scores], comparable) for metric in METRICS]
    cells = [cell for pair in zip(*columns, strict=True) for cell in pair]
    if average is not None:
        cells += [Cell(percent(average.dsc)), Cell(percent(average.f1))]
    return tuple(cells)


def _cells_of_metric(values: Sequence[float], comparable: bool) -> list[Cell]:
    texts = [percent(value) for value in values]
    return marked(texts) if comparable else [Cell(text) for text in texts]


def _mean_of_averages(table: ScoreTable, metric: Literal["dsc", "f1"]) -> float:
    return defined_mean(getattr(pair, metric) for pair in table.average_score.values())[0]


def _notes(table: ScoreTable) -> list[str]:
    names = {lesion.key: lesion.name.lower() for lesion in table.lesion_classes}
    notes = []
    if len(table.methods) > 1:
        for name, order in zip(METRIC_NAMES, (table.difficulty_dsc, table.difficulty_f1), strict=True):
            notes.append(f"Hardest first by {name}: {', '.join(names[key] for key in order) or 'no class is defined'}.")
    if any(isnan(score.dsc) for method in table.methods.values() for score in method.classes.values()):
        notes.append(
            f"{UNDEFINED}: undefined, for no scored case has such a lesion in its reference or its prediction."
        )
    notes += _false_positives_alone(table)
    notes += _fewer_classes(table)
    per_case = ", ".join(f"{percent(method.average.f1_per_case)} ({name})" for name, method in table.methods.items())
    notes.append(f"F1 pools the lesions of all cases. Avg. of the mean F1 per case: {per_case}.")
    for name, method in table.methods.items():
        if method.missing:
            count, which = len(method.missing), listed(method.missing)
            notes.append(f"{name}: no prediction for {count} of {table.cases} cases, counted as empty: {which}.")
        if method.failed:
            count, which = len(method.failed), listed(method.failed)
            notes.append(f"{name}: {count} of {table.cases} cases could not be scored and are left out: {which}.")
    if not table.is_of_the_same_cases:
        notes.append("The methods were not scored on the same cases: their numbers do not compare, and none is marked.")
    if table.left_out:
        notes.append(f"Left out whole, for it could not be scored: {', '.join(table.left_out)}.")
    track = f", track {table.track}" if table.track is not None else ""
    notes.append(f"Percent. Protocol {table.protocol.id}{track}, {_scored(table)}.")
    return notes


def warning(table: ScoreTable) -> str:
    """What stands above a table that leaves cases out; empty for a whole one."""
    most = max(len(method.failed) for method in table.methods.values())
    if not most:
        return ""
    number = (
        f"{most} of {_counted(table.cases)}" if table.is_of_the_same_cases else f"up to {most} of {table.cases} cases"
    )
    return f"NOT COMPARABLE with scores of all cases: {number} left out."


def _scored(table: ScoreTable) -> str:
    """How many cases are in the numbers, and how many are not."""
    if table.is_whole:
        return f"{_counted(table.cases)} scored, none left out"
    of_methods = {name: len(method.failed) for name, method in table.methods.items()}
    if table.is_of_the_same_cases:
        (left_out,) = set(of_methods.values())
        return f"{table.cases - left_out} of {_counted(table.cases)} scored, {left_out} left out"
    each = ", ".join(f"{table.cases - left_out} ({name})" for name, left_out in of_methods.items())
    without = ", ".join(f"{left_out} ({name})" for name, left_out in of_methods.items() if left_out)
    return f"{_counted(table.cases)}; scored: {each}; left out: {without}"


def _counted(cases: int) -> str:
    return "1 case" if cases == 1 else f"{cases} cases"


def _false_positives_alone(table: ScoreTable) -> list[str]:
    """Classes that the reference of no scored case has, though a method predicts them."""
    names = []
    for lesion in table.lesion_classes:
        scores = [method.classes[lesion.key] for method in table.methods.values()]
        if any(score.cases for score in scores) and not any(score.tp or score.fn for score in scores):
            names.append(lesion.name.lower())
    ordered = " and it is in no order of difficulty" if len(table.methods) > 1 else ""
    told = f"In no scored case's reference, so that all that is predicted is false{ordered}: {', '.join(names)}."
    return [told] if names else []


def _fewer_classes(table: ScoreTable) -> list[str]:
    """Over how many classes each method's Avg. is, where that is not all of them; methods of one number together."""
    every = len(table.lesion_classes)
    # A class has voxels exactly where it has lesions, so DSC and F1 are defined for the same classes.
    counts: Mapping[str, int] = {name: method.average.dsc_classes for name, method in table.methods.items()}
    return [
        f"Avg. is over {count} of {every} classes"
        + ("." if len(set(counts.values())) == 1 else f" for {', '.join(n for n in counts if counts[n] == count)}.")
        for count in sorted(set(counts.values()))
        if count < every
    ]
