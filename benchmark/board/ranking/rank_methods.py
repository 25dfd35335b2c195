"""Ranks methods, with intervals, tests, and how stable the ranks are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from math import isnan

import numpy as np

from mswal_bench.benchmark.scoring.estimates import Estimate
from mswal_bench.metrics.resampling.bootstrap import CONFIDENCE, FEWEST_CASES, averaged, bootstrap
from mswal_bench.metrics.resampling.case_ratios import Floats
from mswal_bench.metrics.resampling.permutation import PairTest, holm, permutation_tests

from .ordered_methods import OrderedMethods, RankedMethod, TestedPair
from .schemes import criteria, ranked, shown_numbers
from .score_arrays import ScoreArrays

RESAMPLES = 10_000
PERMUTATIONS = 10_000


def rank_methods(
    arrays: ScoreArrays,
    scheme: str = "mean-rank",
    *,
    resamples: int = RESAMPLES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> OrderedMethods:
    """Ranks by one of `SCHEMES`. The order of the methods makes no difference.

    A method's numbers and intervals do not depend on who else is ranked, nor do the p values of a pair before they are
    corrected; under `rank-then-mean` what is compared does. Raises BenchError for a scheme or a class that there is
    not; ValueError when `resamples` or `permutations` is not positive.
    """
    by, shown = criteria(arrays, scheme), shown_numbers(arrays, scheme)
    up = [criterion.highest_first for criterion in by]
    shown_values = [ratios.averages for ratios in shown]
    values = [criterion.ratios.averages for criterion in by]
    ranks, mean_ranks = ranked(values, up)
    drawn_by, drawn_shown = (
        [averaged(drawn, each) for drawn, each in zip(bootstrap(ratios, resamples, seed), ratios, strict=True)]
        for ratios in ([criterion.ratios for criterion in by], list(shown))
    )
    drawn_ranks, _ = ranked([drawn.samples[..., 0] for drawn in drawn_by], up)
    if len(arrays.cases) < FEWEST_CASES:
        drawn_ranks = drawn_ranks[:0]
    last = len(ranks) + 1
    order = sorted(range(len(ranks)), key=lambda index: (np.nan_to_num(ranks[index], nan=last), arrays.methods[index]))
    methods = []
    for index in order:
        dsc, f1, f1_per_case = (
            _estimate(of_methods[index], drawn.interval(index, 0))
            for of_methods, drawn in zip(shown_values, drawn_shown, strict=True)
        )
        ordered_by = mean_ranks[index] if len(values) > 1 else values[0][index]
        shares, low, high = _stability(drawn_ranks[:, index], len(ranks))
        rank = None if isnan(ranks[index]) else int(ranks[index])
        name = arrays.methods[index]
        methods.append(RankedMethod(name, rank, _plain(ordered_by), dsc, f1, f1_per_case, shares, low, high))
    placed = [index for index in order if not isnan(ranks[index])]
    pairs = list(combinations(placed, 2))
    tests = {
        criterion.name: dict(zip(pairs, permutation_tests(criterion.ratios, pairs, permutations, seed), strict=True))
        for criterion in by
    }
    return OrderedMethods(
        scheme=scheme,
        cases=len(arrays.cases),
        classes=arrays.classes,
        resamples=resamples,
        permutations=permutations,
        seed=seed,
        methods=tuple(methods),
        neighbours=tuple(_comparisons(arrays.methods, list(pairwise(placed)), tests)),
        pairs=tuple(_comparisons(arrays.methods, pairs, tests)),
    )


def _stability(ranks: Floats, methods: int) -> tuple[tuple[float, ...], int | None, int | None]:
    """The share of each rank among those that a method was drawn with, and the range of 95 % of them."""
    shares = tuple(float(np.mean(ranks == rank)) if ranks.size else 0.0 for rank in range(1, methods + 1))
    defined = ranks[~np.isnan(ranks)]
    if not defined.size:
        return shares, None, None
    low = np.quantile(defined, (1 - CONFIDENCE) / 2, method="lower")
    high = np.quantile(defined, (1 + CONFIDENCE) / 2, method="higher")
    return shares, int(low), int(high)


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
