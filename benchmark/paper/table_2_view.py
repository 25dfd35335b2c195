"""Lays Table 2 out, and the order of difficulty that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest

from mswal_bench.benchmark.data.lesion_classes import BY_KEY, LESION_CLASSES
from mswal_bench.benchmark.scoring.score_view import AVERAGE_GROUP, METRIC_NAMES
from mswal_bench.benchmark.tables.view import UNDEFINED, Cell, Row, TableView, Title, marked

from .printed import SOURCE
from .table_2 import (
    AVERAGE,
    METRICS,
    NOTHING,
    Comparison,
    MethodColumns,
    Metric,
    Pair,
    printed_comparison,
    printed_text,
    rounded,
)

OURS = "inception-nnunet"
"""Is the key of the paper's own method, whose improvements it prints."""
_ROWS = (*((lesion.key, lesion.name) for lesion in LESION_CLASSES), (AVERAGE, "Avg."))


def printed_table_2(ours: str = OURS) -> TableView:
    """Builds Table 2 from the paper's values, with notes on printed averages that are not the means of their cells."""
    comparison = printed_comparison()
    return comparison_view(comparison, [*_recomputed(comparison), f"As printed in {SOURCE}, Table 2."], ours)


def comparison_view(comparison: Comparison, notes: Sequence[str], ours: str = OURS) -> TableView:
    """Lays out lesion types by methods, and marks the best and the second best of each row and metric.

    A lesion type for which no method has a number has no row, and a note says so. Where the method with the key `ours`
    is the single best, a superscript says by how many points.
    """
    better = improvements(comparison, ours)
    rows = []
    empty: list[str] = []
    for key, name in _ROWS:
        if key != AVERAGE and all(method.of(key) == NOTHING for method in comparison.methods):
            empty.append(name.lower())
            continue
        columns = [_marked(comparison.methods, key, metric, ours, better[key].of(metric)) for metric in METRICS]
        cells = [cell for pair in zip(*columns, strict=True) for cell in pair]
        cells += [Cell(printed_text(comparison.average_score[key].of(metric))) for metric in METRICS]
        rows.append(Row(name, tuple(cells), is_average=key == AVERAGE))
    groups = (*(method.title for method in comparison.methods), AVERAGE_GROUP)
    orders = [f"Hardest first by {name}: {_order(comparison, metric)}." for metric, name in _named_metrics()]
    folded = [f"Without a row, because no method has a number: {', '.join(empty)}."] if empty else []
    title = next((method.title for method in comparison.methods if method.key == ours), "")
    legend = "Bold: the best of a row. Underlined: the second best." if _compare(comparison.methods) else ""
    if any(pair != NOTHING for pair in better.values()):
        legend += f" Superscript: by how many points {title} is better than the best other method."
    return TableView(
        "Lesion",
        groups,
        (METRIC_NAMES,) * len(groups),
        tuple(rows),
        (
            "Average score: mean over the methods; the lower, the harder the lesion type.",
            *orders,
            *not_ordered(comparison),
            *folded,
            *notes,
        ),
        Title("Table 2", "Methods compared on MSWAL: DSC and region F1 at IoU 0.5, in percent.", "mswal-2"),
        legend,
    )


def improvements(comparison: Comparison, ours: str = OURS) -> Mapping[str, Pair]:
    """Returns by how many points the method `ours` is better than the best other one.

    Keys are those of lesion classes and `AVERAGE`. A number is None where `ours` is not the single best or has no other
    method beside it. Numbers are taken as printed, so that a row adds up.
    """
    return {key: Pair(*(_improvement(comparison.methods, key, metric, ours) for metric in METRICS)) for key, _ in _ROWS}


def difficulty(comparison: Comparison, metric: Metric) -> list[str]:
    """Orders the lesion class keys by ascending average score, hardest first; ties keep their order.

    Classes without an average score are left out, and those that no reference has.
    """
    scores = {key: comparison.average_score[key].of(metric) for key in BY_KEY if key not in comparison.false_alone}
    defined = {key: score for key, score in scores.items() if score is not None}
    return sorted(defined, key=lambda key: defined[key])


def not_ordered(comparison: Comparison) -> list[str]:
    """Returns a sentence on the classes that are predicted although no reference has them; empty without any."""
    names = [BY_KEY[key].name.lower() for key in comparison.false_alone]
    return [f"Without a place in the order, because no reference has it: {', '.join(names)}."] if names else []


def difficulty_view(comparison: Comparison, notes: Sequence[str]) -> TableView:
    """Lays out the two orders of difficulty side by side, hardest first."""
    orders = [
        [(key, comparison.average_score[key].of(metric)) for key in difficulty(comparison, metric)]
        for metric in METRICS
    ]
    rows = [
        Row(str(place), tuple(cell for entry in entries for cell in _difficulty_cells(entry)))
        for place, entries in enumerate(zip_longest(*orders), start=1)
    ]
    heads = (("Lesion", AVERAGE_GROUP),) * len(METRIC_NAMES)
    caption = "Lesion types, hardest first, by the average score of the methods in percent."
    title = Title("Difficulty", caption, "mswal-difficulty")
    return TableView("Rank", METRIC_NAMES, heads, tuple(rows), (*not_ordered(comparison), *notes), title)


def mean(values: Sequence[Decimal | None]) -> Decimal | None:
    """Returns the mean of the numbers that are not None, without rounding; None when there are none."""
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) / len(known) if known else None


def _difficulty_cells(entry: tuple[str, Decimal | None] | None) -> tuple[Cell, Cell]:
    if entry is None:
        return Cell(UNDEFINED), Cell(UNDEFINED)
    key, score = entry
    return Cell(BY_KEY[key].name), Cell(printed_text(score))


def _marked(
    methods: Sequence[MethodColumns], key: str, metric: Metric, ours: str, improvement: Decimal | None
) -> list[Cell]:
    values = [method.of(key).of(metric) for method in methods]
    cells = [Cell(printed_text(value)) for value in values]
    if _compare(methods):
        cells = marked([cell.text for cell in cells], [None if value is None else rounded(value) for value in values])
    if improvement is None:
        return cells
    return [
        Cell(cell.text, cell.best, cell.second, f"+{improvement}") if method.key == ours else cell
        for method, cell in zip(methods, cells, strict=True)
    ]


def _compare(methods: Sequence[MethodColumns]) -> bool:
    """Returns whether two or more methods have numbers; one alone is not the best."""
    return sum(any(pair != NOTHING for pair in method.classes.values()) for method in methods) > 1


def _improvement(methods: Sequence[MethodColumns], key: str, metric: Metric, ours: str) -> Decimal | None:
    known = [(method.key, value) for method in methods if (value := method.of(key).of(metric)) is not None]
    own = next((rounded(value) for name, value in known if name == ours), None)
    others = [rounded(value) for name, value in known if name != ours]
    return own - max(others) if own is not None and others and own > max(others) else None


def _recomputed(comparison: Comparison) -> list[str]:
    """Returns notes with the means of the printed cells, rounded, where they are not the printed averages."""
    columns, rows = [], []
    for metric, name in _named_metrics():
        for method in comparison.methods:
            of_cells = mean([pair.of(metric) for pair in method.classes.values()])
            columns += _differing(f"{method.title} {name}", method.average.of(metric), of_cells)
        for key, row in _ROWS:
            of_cells = mean([method.of(key).of(metric) for method in comparison.methods])
            rows += _differing(f"{row} {name}", comparison.average_score[key].of(metric), of_cells)
    return [
        f"Means of the printed cells, rounded, where they differ from the printed Avg.: {', '.join(columns)}.",
        f"The same where they differ from the printed average score: {', '.join(rows)}.",
    ]


def _differing(what: str, printed: Decimal | None, of_cells: Decimal | None) -> list[str]:
    return [f"{what} {rounded(of_cells)}"] if of_cells is not None and rounded(of_cells) != printed else []


def _order(comparison: Comparison, metric: Metric) -> str:
    return ", ".join(BY_KEY[key].name.lower() for key in difficulty(comparison, metric)) or "no class is defined"


def _named_metrics() -> list[tuple[Metric, str]]:
    return list(zip(METRICS, METRIC_NAMES, strict=True))
