"""Ranks methods, with intervals, tests, and how stable the ranks are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from math import isnan

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.scoring.estimates import Estimate
from mswal_bench.metrics.resampling.bootstrap import CONFIDENCE, FEWEST_CASES, Bootstrapped, bootstrap_averages
from mswal_bench.metrics.resampling.case_ratios import CaseRatios, Floats
from mswal_bench.metrics.resampling.permutation import PairTest, holm, permutation_tests

from .ordered_methods import OrderedMethods, RankedMethod, TestedPair
from .schemes import Criterion, criteria, ranked, shown_numbers
from .score_arrays import ScoreArrays

RESAMPLES = 10_000
PERMUTATIONS = 10_000
MOST_COMPARED = 25
"""Of many methods so many of the best are tested against one another: a map of more cannot be read."""
_MOST_RANKED = 2**17
"""Of the numbers of draws and methods, so many are ranked in one go."""


def rank_methods(
    arrays: ScoreArrays,
    scheme: str = "mean-rank",
    *,
    resamples: int = RESAMPLES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    all_pairs: bool = False,
    progress: bool = False,
) -> OrderedMethods:
    """Ranks by one of `SCHEMES`. The order of the methods makes no difference.

    A method's numbers and intervals do not depend on who else is ranked, nor do the p values of a pair before they are
    corrected; under `rank-then-mean` what is compared does. Each method is tested against the next one, and the best
    `MOST_COMPARED` against one another, or with `all_pairs` all methods, which takes a square of their number in time.
    Raises BenchError for a scheme or a class that there is not; ValueError when `resamples` or `permutations` is not
    positive.
    """
    by, shown = criteria(arrays, scheme), shown_numbers(arrays, scheme)
    up = [criterion.highest_first for criterion in by]
    shown_values = [ratios.averages for ratios in shown]
    values = [criterion.ratios.averages for criterion in by]
    ranks, mean_ranks = ranked(values, up)
    drawn_shown = bootstrap_averages(shown, resamples, seed)
    drawn_by = _drawn_again([criterion.ratios for criterion in by], shown, drawn_shown, resamples, seed)
    drawn_ranks = _drawn_ranks([drawn.samples[..., 0] for drawn in drawn_by], up)
    if len(arrays.cases) < FEWEST_CASES:
        drawn_ranks = drawn_ranks[:, :0]
    last = len(ranks) + 1
    order = sorted(range(len(ranks)), key=lambda index: (np.nan_to_num(ranks[index], nan=last), arrays.methods[index]))
    methods = []
    for index in order:
        dsc, f1, f1_per_case = (
            _estimate(of_methods[index], drawn.interval(index, 0))
            for of_methods, drawn in zip(shown_values, drawn_shown, strict=True)
        )
        ordered_by = mean_ranks[index] if len(values) > 1 else values[0][index]
        shares, low, high = _stability(drawn_ranks[index], len(ranks))
        rank = None if isnan(ranks[index]) else int(ranks[index])
        name = arrays.methods[index]
        methods.append(RankedMethod(name, rank, _plain(ordered_by), dsc, f1, f1_per_case, shares, low, high))
    # Of a thousand methods 300 MB, which the tests need not hold beside their own.
    del drawn_shown, drawn_by, drawn_ranks
    placed = [index for index in order if not isnan(ranks[index])]
    neighbours = list(pairwise(placed))
    compared = placed if all_pairs else placed[:MOST_COMPARED]
    pairs = list(combinations(compared, 2))
    tests = _tests(by, list(dict.fromkeys([*pairs, *neighbours])), permutations, seed, progress)
    return OrderedMethods(
        scheme=scheme,
        cases=len(arrays.cases),
        classes=arrays.classes,
        resamples=resamples,
        permutations=permutations,
        seed=seed,
        methods=tuple(methods),
        neighbours=tuple(_comparisons(arrays.methods, neighbours, tests)),
        compared=len(compared),
        pairs=tuple(_comparisons(arrays.methods, pairs, tests)),
    )


def _drawn_again(
    ratios: Sequence[CaseRatios],
    known: Sequence[CaseRatios],
    drawn_known: Sequence[Bootstrapped],
    resamples: int,
    seed: int,
) -> Sequence[Bootstrapped]:
    """As `bootstrap_averages`, which is not called again where all of `ratios` are among those that are known."""
    places = [next((place for place, one in enumerate(known) if one is each), None) for each in ratios]
    if None in places:
        return bootstrap_averages(ratios, resamples, seed)
    return [drawn_known[place] for place in places if place is not None]


def _drawn_ranks(samples: Sequence[Floats], up: Sequence[bool]) -> NDArray[np.float32]:
    """The rank of each method in every draw, (method, draw), from numbers of the shape (draw, method)."""
    draws, methods = samples[0].shape
    # A float of half the size holds ranks too.
    ranks = np.empty((methods, draws), np.float32)
    at_once = max(1, _MOST_RANKED // max(1, methods))
    for start in range(0, draws, at_once):
        some = slice(start, start + at_once)
        ranks[:, some] = ranked([np.ascontiguousarray(each[some]) for each in samples], up)[0].T
    return ranks


def _stability(ranks: NDArray[np.float32], methods: int) -> tuple[tuple[float, ...], int | None, int | None]:
    """The share of each rank among those that a method was drawn with, and the range of 95 % of them."""
    defined = ranks[~np.isnan(ranks)]
    if not defined.size:
        return (0.0,) * methods, None, None
    times = np.bincount(defined.astype(np.int64), minlength=methods + 1)[1:]
    low = np.quantile(defined, (1 - CONFIDENCE) / 2, method="lower")
    high = np.quantile(defined, (1 + CONFIDENCE) / 2, method="higher")
    return tuple((times / ranks.size).tolist()), int(low), int(high)


def _tests(
    by: Sequence[Criterion], pairs: Sequence[tuple[int, int]], permutations: int, seed: int, progress: bool
) -> Mapping[str, Mapping[tuple[int, int], PairTest]]:
    """By the name of the number, then by the pair."""
    tests = {}
    with progress_bar("tests", "permutations", shown=progress) as report:
        for place, criterion in enumerate(by):

            def told(done: int, total: int, before: int = place) -> None:
                report(before * total + done, len(by) * total, "")

            of_number = permutation_tests(criterion.ratios, pairs, permutations, seed, report=told)
            tests[criterion.name] = dict(zip(pairs, of_number, strict=True))
    return tests


def _comparisons(
    names: Sequence[str], pairs: Sequence[tuple[int, int]], tests: Mapping[str, Mapping[tuple[int, int], PairTest]]
) -> Iterator[TestedPair]:
    for number, of_number in tests.items():
        corrected = holm([of_number[pair].p for pair in pairs])
        for pair, p_holm in zip(pairs, corrected, strict=True):
            test = of_number[pair]
            first, second = (names[index] for index in pair)
            yield TestedPair(first, second, number, _plain(test.difference), _plain(test.p), _plain(p_holm))


def _estimate(value: float, interval: tuple[float, float]) -> Estimate:
    low, high = interval
    return Estimate(value=_plain(value), low=_plain(low), high=_plain(high))


def _plain(value: float) -> float | None:
    return None if isnan(value) else float(value)
