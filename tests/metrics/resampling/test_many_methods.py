"""What is computed for many methods at once is, bit by bit, what a plain loop over methods and pairs finds."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from mswal_bench.metrics.resampling import permutation as permutation_module
from mswal_bench.metrics.resampling.bootstrap import averaged, bootstrap, bootstrap_averages
from mswal_bench.metrics.resampling.case_ratios import CaseRatios, defined_means, mean_of, rows_at_once, side_by_side
from mswal_bench.metrics.resampling.permutation import permutation_tests
from mswal_bench.tests.benchmark.board.ranking.score_making import picked, random_arrays

_MANY, _FEW = 40, 6
"""Of 6 cases every way to swap is counted."""


def _ratios(kind: str, cases: int) -> CaseRatios:
    of = picked(random_arrays(6, cases, 7, seed=3), [0, 5, 2, 2, 4])
    # One predicts nothing in a class that the others invent; a class is nobody's; twins are in it.
    of.fp[:, :, 6], of.tp[:, :, 6], of.fn[:, :, 6] = 1, 0, 0
    of.dsc[:, :, 6] = 0
    for one in (0, *range(5)) if kind == "nobody's class" else (0,):
        of.fp[one, :, 6], of.dsc[one, :, 6] = 0, np.nan
    of = replace(of)
    if kind == "14 columns":
        return side_by_side(mean_of(of.dsc), mean_of(of.f1_per_case))
    return of.f1_ratios if kind == "f1" else of.dsc_ratios


_KINDS = ["dsc", "f1", "14 columns", "nobody's class"]


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("cases", [_MANY, _FEW, 1])
def test_intervals_are_those_of_a_loop_over_methods(kind: str, cases: int) -> None:
    ratios = _ratios(kind, cases)
    generator = np.random.default_rng([5, 0])
    picks = generator.integers(cases, size=(500, cases)) + cases * np.arange(500)[:, None]
    weights = np.bincount(picks.ravel(), minlength=500 * cases).reshape(500, cases).astype(float)
    (drawn,) = bootstrap([ratios], 500, 5)
    (means,) = bootstrap_averages([ratios], 500, 5)
    at_once = rows_at_once(ratios)
    for method, (upper, lower) in enumerate(zip(ratios.numerator, ratios.denominator, strict=True)):
        pieces = [weights[start : start + at_once] for start in range(0, 500, at_once)]
        whole, of = (np.concatenate([piece @ part for piece in pieces]) for part in (upper, lower))
        expected = np.divide(whole, of, out=np.full(whole.shape, np.nan), where=of != 0)
        np.testing.assert_array_equal(drawn.samples[:, method], expected)
        defined = ~np.isnan(expected)
        total, count = np.where(defined, expected, 0.0).sum(axis=-1), defined.sum(axis=-1)
        mean = np.divide(total, count, out=np.full(500, np.nan), where=count != 0)
        np.testing.assert_array_equal(means.samples[:, method, 0], mean)
        assert drawn.intervals(method)[3] == pytest.approx(drawn.interval(method, 3), abs=0, nan_ok=True)
    again = averaged(drawn, ratios)
    np.testing.assert_array_equal(again.samples, means.samples)
    np.testing.assert_array_equal(again.cases, means.cases)


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("cases", [_MANY, _FEW, 1])
def test_tests_are_those_of_a_loop_over_pairs(kind: str, cases: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ratios = _ratios(kind, cases)
    pairs = [*combinations(range(5), 2), (4, 1)]
    tests = permutation_tests(ratios, pairs, 300, seed=2)
    for pair, test in zip(pairs, tests, strict=True):
        difference, p = _plain(ratios, pair, 300, 2)
        np.testing.assert_array_equal(test.difference, difference)
        np.testing.assert_array_equal(test.p, p)
    monkeypatch.setattr(permutation_module, "_MOST_NUMBERS", 1)
    np.testing.assert_array_equal(
        [test.p for test in permutation_tests(ratios, pairs, 300, seed=2)], [test.p for test in tests]
    )


def _plain(ratios: CaseRatios, pair: tuple[int, int], permutations: int, seed: int) -> tuple[float, float]:
    """One way to swap after the other."""
    sides = np.stack([ratios.numerator, ratios.denominator], axis=2)[list(pair)]
    cases = sides.shape[1]
    differs = np.flatnonzero((sides[0] != sides[1]).any(axis=(1, 2)))
    exact = 2**differs.size <= permutations
    if exact:
        ways = np.zeros((2**differs.size, cases), int)
        ways[:, differs] = np.arange(2**differs.size)[:, None] >> np.arange(differs.size) & 1
    else:
        ways = np.random.default_rng([seed, 1]).integers(2, size=(permutations, cases))

    def difference(way: np.ndarray) -> float:
        first, second = (sides[which, np.arange(cases)].sum(axis=0) for which in (way, 1 - way))
        numbers = [
            np.divide(whole, of, out=np.full(whole.shape, np.nan), where=of != 0) for whole, of in (first, second)
        ]
        one, other = (float(defined_means(number)) for number in numbers)
        return one - other

    found = difference(np.zeros(cases, int))
    if np.isnan(found):
        return found, np.nan
    # A difference that is NaN is not smaller.
    as_large = sum(not abs(difference(way)) < abs(found) - 1e-12 for way in ways)
    return found, as_large / len(ways) if exact else (1 + as_large) / (1 + permutations)


def test_progress_is_told_up_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    permutation_tests(_ratios("dsc", _MANY), [(0, 1)], 3000, 0, report=lambda *report: told.append(report))
    assert told == sorted(told)
    assert told[-1] == (3000, 3000)
