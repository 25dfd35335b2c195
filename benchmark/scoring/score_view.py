"""Lays scores out as the paper does, in texts and marks, for any kind of output to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Literal

from mswal_bench.benchmark.core.errors import listed
from mswal_bench.benchmark.tables.view import UNDEFINED, Cell, Row, TableView, marked, percent, points
from mswal_bench.metrics.aggregation import Average, ClassScore, MetricPair, defined_mean

from .scored_methods import ScoredMethods

METRICS: tuple[Literal["dsc", "f1"], ...] = ("dsc", "f1")
METRIC_NAMES = ("DSC", "F1")
AVERAGE_GROUP = "Average score"


def table_view(scores: ScoredMethods) -> TableView:
    """Lays scores out as the paper does: lesion types in rows, a pair of columns a method.

    With several methods the best and the second best of each row and metric are marked, and the average score follows.
    What is equal as printed is equal: several best share the mark and leave no second. Methods that were not scored on
    the same cases get no marks. A table that leaves cases out has a warning.
    """
    methods = list(scores.values())
    several, comparable = len(methods) > 1, scores.is_of_the_same_cases
    rows = []
    for lesion in scores.lesion_classes:
        extra = scores.average_score[lesion.key] if several else None
        rows.append(Row(lesion.name, _cells([method[lesion.key] for method in methods], extra, comparable)))
    averages = MetricPair(*(_mean_of_averages(scores, metric) for metric in METRICS)) if several else None
    rows.append(Row("Avg.", _cells([method.average for method in methods], averages, comparable), is_average=True))
    groups = (*scores, AVERAGE_GROUP) if several else tuple(scores)
    return TableView(
        "Lesion", groups, (METRIC_NAMES,) * len(groups), tuple(rows), tuple(_notes(scores)), warning=warning(scores)
    )


def _cells(scores: Sequence[ClassScore | Average], average: MetricPair | None, comparable: bool) -> tuple[Cell, ...]:
    columns = [_cells_of_metric([getattr(score, metric) for score in scores], comparable) for metric in METRICS]
    cells = [cell for pair in zip(*columns, strict=True) for cell in pair]
    if average is not None:
        cells += [Cell(percent(average.dsc)), Cell(percent(average.f1))]
    return tuple(cells)


def _cells_of_metric(values: Sequence[float], comparable: bool) -> list[Cell]:
    texts = [percent(value) for value in values]
    return marked(texts, [points(value) for value in values]) if comparable else [Cell(text) for text in texts]


def _mean_of_averages(scores: ScoredMethods, metric: Literal["dsc", "f1"]) -> float:
    return defined_mean(getattr(pair, metric) for pair in scores.average_score.values())[0]


def _notes(scores: ScoredMethods) -> list[str]:
    names = {lesion.key: lesion.name.lower() for lesion in scores.lesion_classes}
    notes: list[str] = []
    every = len(scores.case_ids)
    if len(scores) > 1:
        for name, order in zip(METRIC_NAMES, (scores.difficulty_dsc, scores.difficulty_f1), strict=True):
            notes.append(f"Hardest first by {name}: {', '.join(names[key] for key in order) or 'no class is defined'}.")
    if any(isnan(score.dsc) for method in scores.values() for score in method.values()):
        notes.append(
            f"{UNDEFINED}: undefined, for no scored case has such a lesion in its reference or its prediction."
        )
    notes += _false_positives_alone(scores)
    notes += _fewer_classes(scores)
    per_case = ", ".join(f"{percent(method.average.f1_per_case)} ({name})" for name, method in scores.items())
    notes.append(f"F1 pools the lesions of all cases. Avg. of the mean F1 per case: {per_case}.")
    for name, method in scores.items():
        if method.missing:
            count, which = len(method.missing), listed(method.missing)
            notes.append(f"{name}: no prediction for {count} of {every} cases, counted as empty: {which}.")
        if method.failed:
            count, which = len(method.failed), listed(method.failed)
            notes.append(f"{name}: {count} of {every} cases could not be scored and are left out: {which}.")
    if not scores.is_of_the_same_cases:
        notes.append("The methods were not scored on the same cases: their numbers do not compare, and none is marked.")
    if scores.left_out:
        notes.append(f"Left out whole, for it could not be scored: {', '.join(scores.left_out)}.")
    track = f", track {scores.track}" if scores.track is not None else ""
    notes.append(f"Percent. Protocol {scores.protocol.id}{track}, {_scored(scores)}.")
    return notes


def warning(scores: ScoredMethods) -> str:
    """Says above a table that it leaves cases out; empty for a whole one."""
    most, every = max(len(method.failed) for method in scores.values()), len(scores.case_ids)
    if not most:
        return ""
    number = f"{most} of {_counted(every)}" if scores.is_of_the_same_cases else f"up to {most} of {every} cases"
    return f"NOT COMPARABLE with scores of all cases: {number} left out."


def _scored(scores: ScoredMethods) -> str:
    """How many cases are in the numbers, and how many are not."""
    every = len(scores.case_ids)
    if scores.is_whole:
        return f"{_counted(every)} scored, none left out"
    of_methods = {name: len(method.failed) for name, method in scores.items()}
    if scores.is_of_the_same_cases:
        (left_out,) = set(of_methods.values())
        return f"{every - left_out} of {_counted(every)} scored, {left_out} left out"
    each = ", ".join(f"{every - left_out} ({name})" for name, left_out in of_methods.items())
    without = ", ".join(f"{left_out} ({name})" for name, left_out in of_methods.items() if left_out)
    return f"{_counted(every)}; scored: {each}; left out: {without}"


def _counted(cases: int) -> str:
    return "1 case" if cases == 1 else f"{cases} cases"


def _false_positives_alone(scores: ScoredMethods) -> list[str]:
    """Classes that the reference of no scored case has, though a method predicts them."""
    names = []
    for lesion in scores.lesion_classes:
        of_class = [method[lesion.key] for method in scores.values()]
        if any(score.cases for score in of_class) and not any(score.tp or score.fn for score in of_class):
            names.append(lesion.name.lower())
    ordered = " and it is in no order of difficulty" if len(scores) > 1 else ""
    told = f"In no scored case's reference, so that all that is predicted is false{ordered}: {', '.join(names)}."
    return [told] if names else []


def _fewer_classes(scores: ScoredMethods) -> list[str]:
    """Over how many classes each method's Avg. is, where that is not all of them; methods of one number together."""
    every = len(scores.lesion_classes)
    # A class has voxels exactly where it has lesions, so DSC and F1 are defined for the same classes.
    counts: Mapping[str, int] = {name: method.average.dsc_classes for name, method in scores.items()}
    return [
        f"Avg. is over {count} of {every} classes"
        + ("." if len(set(counts.values())) == 1 else f" for {', '.join(n for n in counts if counts[n] == count)}.")
        for count in sorted(set(counts.values()))
        if count < every
    ]
