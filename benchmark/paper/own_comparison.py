"""Puts one's own results into the shape of Table 2: a pair of columns for each method, own methods first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.errors import listed
from mswal_bench.benchmark.core.suggestions import apart
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.metrics.aggregation import MetricPair, defined_mean
from mswal_bench.splits import N_FOLDS

from .own_results import OwnResult, shown_of
from .table_2 import AVERAGE, NOTHING, Comparison, MethodColumns, Pair, points

_CLASS_KEYS = tuple(lesion.key for lesion in LESION_CLASSES)
# These variants are the paper's own network with all its parts.
_WHOLE = (None, "V")
_ABLATED = ("I", "II", "III", "IV")


def compared(results: Sequence[OwnResult]) -> list[OwnResult]:
    """Returns the results that belong into Table 2: all but the ablated variants, which belong into Table 3."""
    return [result for result in results if result.baseline is None or result.variant not in _ABLATED]


def own_comparison(results: Sequence[OwnResult]) -> tuple[Comparison, list[str]]:
    """Makes the comparison of `results`, which are `compared` and of one basis, and sentences for below it.

    Methods that are not the paper's come first, by name, then the paper's in its order. A method of the paper without a
    result has no column, and a sentence says so. Several results of one method stand side by side under names of their
    own; among results of one name `shown_of` chooses. Averages are taken before rounding.
    """
    methods: list[MethodColumns] = []
    shown: list[tuple[str, OwnResult]] = []
    notes: list[str] = []
    absent: list[str] = []
    for key, title, group in _groups(results):
        kept, more = _one_of_each_name(group)
        notes += more
        if not kept:
            absent.append(title)
        for result in kept:
            heading = title if len(kept) == 1 else result.name
            shown.append((heading, result))
            classes = {row: pair_of(result, row) for row in _CLASS_KEYS}
            own_key = key if len(kept) == 1 else result.name
            methods.append(MethodColumns(own_key, heading, classes, pair_of(result, AVERAGE)))
    titles = apart([method.title for method in methods])
    methods = [replace(method, title=title) for method, title in zip(methods, titles, strict=True)]
    average_score = _average_score([result for _, result in shown])
    notes += [f"No column, for there is no result of them: {listed(absent)}."] if absent else []
    comparison = Comparison(tuple(methods), average_score, _false_alone(methods, [result for _, result in shown]))
    return comparison, [*notes, *_remarks(shown)]


def _groups(results: Sequence[OwnResult]) -> list[tuple[str, str, list[OwnResult]]]:
    """Returns key, title and results of every method in order; the paper's seven are there even without a result."""
    groups = [
        (key, method.title, [r for r in results if r.baseline == key and r.variant in _WHOLE])
        for key, method in METHODS.items()
    ]
    known = {name for key, method in METHODS.items() for name in (key, method.title)}
    own: dict[str, list[OwnResult]] = {}
    variants: dict[str, list[OwnResult]] = {}
    for result in results:
        if result.baseline is None:
            # Anybody may submit under the name of a baseline.
            title = f"{result.title} (not the baseline)" if result.title in known else result.title
            own.setdefault(title, []).append(result)
        elif result.variant not in _WHOLE:
            variants.setdefault(result.title, []).append(result)
    named = ([(title, title, of_title[title]) for title in sorted(of_title)] for of_title in (own, variants))
    return [*next(named), *groups, *next(named)]


def _one_of_each_name(group: Sequence[OwnResult]) -> tuple[list[OwnResult], list[str]]:
    """Returns one result of each name, in the order in which the names first appear, and sentences about the others."""
    by_name: dict[str, list[OwnResult]] = {}
    for result in group:
        by_name.setdefault(result.name, []).append(result)
    kept: list[OwnResult] = []
    notes: list[str] = []
    for of_name in by_name.values():
        shown, more = shown_of(of_name, of_name[0].title)
        kept.append(shown)
        notes += more
    return kept, notes


def basis_note(results: Sequence[OwnResult]) -> str:
    """Says what the numbers are; `results` are of one basis."""
    basis = results[0].basis
    cases = "1 case" if basis.cases == 1 else f"{basis.cases} cases"
    return f"Percent. Protocol {MSWAL_1.id}, track {basis.track}, {cases}."


def _remarks(shown: Sequence[tuple[str, OwnResult]]) -> list[str]:
    notes = []
    claimed = [heading for heading, result in shown if result.status == "claimed"]
    if claimed:
        notes.append(f"Claimed, not verified by the organiser: {', '.join(claimed)}.")
    over = [(heading, result.average_classes) for heading, result in shown]
    fewer = [(heading, classes) for heading, classes in over if classes < len(LESION_CLASSES)]
    for count in sorted({count for _, count in fewer}):
        names = ", ".join(heading for heading, classes in fewer if classes == count)
        notes.append(f"Avg. is over {count} of {len(LESION_CLASSES)} classes for {names}; the others are undefined.")
    for heading, result in shown:
        if result.missing:
            notes.append(
                f"{heading}: no prediction for {result.missing} of {result.basis.cases} cases, counted as empty."
            )
    partial = [(heading, result.folds) for heading, result in shown if result.folds not in (None, N_FOLDS)]
    notes += [f"{heading}: by {folds} of {N_FOLDS} folds." for heading, folds in partial]
    return [*notes, basis_note([result for _, result in shown])] if shown else notes


def pair_of(result: OwnResult, row: str) -> Pair:
    """Returns the scores of a lesion class or the `AVERAGE`, in percent and not rounded."""
    return _percent(result.of(row))


def _average_score(results: Sequence[OwnResult]) -> dict[str, Pair]:
    of_classes = {key: _mean(result.of(key) for result in results) for key in _CLASS_KEYS}
    return {key: _percent(pair) for key, pair in {**of_classes, AVERAGE: _mean(of_classes.values())}.items()}


def _mean(pairs: Iterable[MetricPair]) -> MetricPair:
    """Takes the mean of each metric over the pairs where it is defined."""
    every = list(pairs)
    return MetricPair(defined_mean(pair.dsc for pair in every)[0], defined_mean(pair.f1 for pair in every)[0])


def _percent(pair: MetricPair) -> Pair:
    return Pair(points(pair.dsc), points(pair.f1))


def _false_alone(methods: Sequence[MethodColumns], results: Sequence[OwnResult]) -> tuple[str, ...]:
    """Returns the classes that no reference has, though a method has a number; all results are of the same cases."""
    return tuple(
        key
        for key in _CLASS_KEYS
        if any(method.of(key) != NOTHING for method in methods) and not _has_reference(key, methods, results)
    )


def _has_reference(key: str, methods: Sequence[MethodColumns], results: Sequence[OwnResult]) -> bool:
    told = [result.in_reference[key] for result in results if key in result.in_reference]
    if told:
        return any(told)
    # Where no record tells: of the same cases a number is undefined for one method and 0 for the others only so.
    pairs = [method.of(key) for method in methods]
    return NOTHING not in pairs or any(pair.dsc or pair.f1 for pair in pairs)
