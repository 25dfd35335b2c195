"""Checks Tables 2, 3 and 4 of the paper against themselves and each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal

from mswal_bench.benchmark.data.lesion_classes import BY_KEY
from mswal_bench.benchmark.scoring.score_view import METRIC_NAMES

from .check import Check, holds, same
from .table_2 import (
    AVERAGE,
    METRICS,
    MethodColumns,
    Metric,
    printed_comparison,
    printed_improvements,
    printed_underlines,
    rounded,
)
from .table_2_view import OURS, comparison_view, improvements, mean
from .table_3 import WHOLE, printed_ablation
from .table_4 import printed_gains

_NAMES = dict(zip(METRICS, METRIC_NAMES, strict=True))
_ROW_NAMES = {**{key: lesion.name for key, lesion in BY_KEY.items()}, AVERAGE: "Avg."}
_CELL_ERROR = Decimal("0.005")
"""Is the largest distance of a printed cell from the number that was rounded to it."""
_TRUNCATED = "truncated"
_UNEXPLAINED = "neither rounded nor truncated; further off than unrounded cells explain"


def score_checks() -> list[Check]:
    """Checks all that Table 2 derives, the whole network in Table 3 and the gains in Table 4."""
    return [*_averages(), *_average_scores(), *_improvements(), *_marks(), *_whole_network(), *_gains()]


def _averages() -> Iterator[Check]:
    for method in printed_comparison().methods:
        for metric in METRICS:
            cells = [pair.of(metric) for pair in method.classes.values()]
            yield _mean_check(f"Avg. of {method.title}", metric, method.average.of(metric), cells)


def _average_scores() -> Iterator[Check]:
    comparison = printed_comparison()
    for key, name in _ROW_NAMES.items():
        for metric in METRICS:
            printed = comparison.average_score[key].of(metric)
            cells = [method.of(key).of(metric) for method in comparison.methods]
            if key != AVERAGE:
                yield _mean_check(f"Average score of {name.lower()}", metric, printed, cells)
                continue
            above = [comparison.average_score[lesion].of(metric) for lesion in BY_KEY]
            over_types = _mean_check("Average score of Avg., over the lesion types", metric, printed, above)
            over_methods = _mean_check("Average score of Avg., over the methods", metric, printed, cells)
            if over_methods.reading == _UNEXPLAINED and over_types.reading == _TRUNCATED:
                over_methods = replace(over_methods, reading="that over the lesion types, truncated")
            yield from (over_methods, over_types)


def _mean_check(what: str, metric: Metric, printed: Decimal | None, cells: list[Decimal | None]) -> Check:
    recomputed = mean(cells)
    if printed is None or recomputed is None:
        raise AssertionError("every cell of the paper's Table 2 has a number")
    what, where = f"{what}, {_NAMES[metric]}", "Table 2"
    shown = f"{recomputed:.4f}"
    if printed == rounded(recomputed):
        return Check(what, where, str(printed), shown, "agrees")
    difference = (printed - recomputed).quantize(Decimal("0.0001"))
    return Check(what, where, str(printed), shown, "differs", difference, _reading(printed, recomputed))


def _reading(printed: Decimal, recomputed: Decimal) -> str:
    if printed == recomputed.quantize(Decimal("0.01"), ROUND_DOWN):
        return _TRUNCATED
    if abs(printed - recomputed) <= 2 * _CELL_ERROR:
        return "neither rounded nor truncated; may be the rounded mean of unrounded cells"
    return _UNEXPLAINED


def _improvements() -> Iterator[Check]:
    derived = improvements(printed_comparison())
    for key, printed in printed_improvements().items():
        for metric in METRICS:
            shown, computed = printed.of(metric), derived[key].of(metric)
            what, where = f"Improvement in {_in_sentence(key)}, {_NAMES[metric]}", "Table 2"
            if shown is not None and computed is not None:
                yield same(what, where, shown, computed)
            elif shown != computed:
                yield holds(what, where, str(shown or "none"), str(computed or "none"), true=False)
    without = [
        f"{_in_sentence(key)} {_NAMES[metric]}"
        for key, printed in printed_improvements().items()
        for metric in METRICS
        if printed.of(metric) is None
    ]
    beaten = [
        f"{_in_sentence(key)} {_NAMES[metric]}"
        for key, pair in derived.items()
        for metric in METRICS
        if pair.of(metric) is None
    ]
    yield holds(
        "No improvement where another method is better", "Table 2", ", ".join(without), ", ".join(beaten),
        without == beaten,
    )  # fmt: skip


def _marks() -> Iterator[Check]:
    """Checks the three underlines that the paper's text version has kept: the cells must be second best."""
    methods = printed_comparison().methods
    view = comparison_view(printed_comparison(), [])
    for key, method, metric in sorted(printed_underlines()):
        column = [each.key for each in methods].index(method)
        cell = view.rows[list(_ROW_NAMES).index(key)].cells[2 * column + METRICS.index(metric)]
        derived = "best" if cell.best else "second best" if cell.second else "neither"
        what = f"Underlined: {_title(methods, method)} in {_in_sentence(key)}, {_NAMES[metric]}"
        yield holds(what, "Table 2", "second best", derived, cell.second)


def _whole_network() -> Iterator[Check]:
    (ours,) = (method for method in printed_comparison().methods if method.key == OURS)
    (whole,) = (variant for variant in printed_ablation() if variant.name == WHOLE)
    for metric in METRICS:
        in_3, in_2 = whole.average.of(metric), ours.average.of(metric)
        if in_3 is not None and in_2 is not None:
            yield same(f"Variant {WHOLE} is Avg. of {ours.title} in Table 2, {_NAMES[metric]}", "Table 3", in_3, in_2)
    for metric in METRICS:
        scores = {variant.name: variant.average.of(metric) or Decimal(0) for variant in printed_ablation()}
        best = max(scores, key=lambda name: scores[name])
        yield holds(f"The best variant, {_NAMES[metric]}", "Table 3", WHOLE, best, best == WHOLE)


def _gains() -> Iterator[Check]:
    for gain in printed_gains():
        if gain.printed is not None and gain.improvement is not None:
            yield same(f"Improvement in {gain.structure.lower()}", "Table 4", gain.printed, gain.improvement)


def _in_sentence(key: str) -> str:
    return _ROW_NAMES[key] if key == AVERAGE else _ROW_NAMES[key].lower()


def _title(methods: tuple[MethodColumns, ...], key: str) -> str:
    return next(method.title for method in methods if method.key == key)
