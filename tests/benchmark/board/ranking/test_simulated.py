"""Whether intervals and tests keep what they promise, on data whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mswal_bench.metrics.resampling.bootstrap import bootstrap, interval
from mswal_bench.metrics.resampling.case_ratios import CaseRatios, defined_means, mean_of, pooled
from mswal_bench.metrics.resampling.permutation import permutation_tests

_CASES = 60
_RATES = np.array([0.5, 1.5, 3.0])
"""Lesions that a case of a class has on average."""
_FALSE = np.array([0.4, 0.8, 1.0])
_FOUND = np.array([0.4, 0.55, 0.7])
"""The chance of a lesion to be found in a case of middling difficulty."""
_SPREAD = 0.25
"""Easy and hard cases differ so much from it, evenly: the lesions of a case are not independent."""


def _lesions(generator: np.random.Generator, sets: int) -> CaseRatios:
    """Data sets, each in the place of a method, of three classes."""
    shape = (sets, _CASES, 3)
    lesions = generator.poisson(_RATES, shape)
    ease = _FOUND + generator.uniform(-_SPREAD, _SPREAD, (sets, _CASES, 1))
    tp = generator.binomial(lesions, ease)
    return pooled(2 * tp, tp + lesions + generator.poisson(_FALSE, shape))


def _f1() -> NDArray[np.float64]:
    """The truth: the ratio of expectations."""
    return 2 * _RATES * _FOUND / (_RATES * _FOUND + _RATES + _FALSE)


def _dsc(generator: np.random.Generator, sets: int) -> CaseRatios:
    """As `_lesions`; skewed to the left, as DSC is, and undefined in part of the cases. Its mean is 0.7."""
    shape = (sets, _CASES, 3)
    values = generator.beta(2.8, 1.2, shape)
    return mean_of(np.where(generator.random(shape) < [0.5, 0.7, 0.9], values, np.nan))


@pytest.mark.parametrize(
    ("draw", "truth"), [(_dsc, np.array([0.7, 0.7, 0.7])), (_lesions, _f1())], ids=["DSC", "pooled F1"]
)
def test_intervals_hold_the_truth_as_often_as_they_say(draw, truth) -> None:
    sets = 400
    of_sets = draw(np.random.default_rng(11), sets)
    held = np.zeros(4)
    for number in range(sets):
        ratios = CaseRatios(of_sets.numerator[[number]], of_sets.denominator[[number]])
        (drawn,) = bootstrap([ratios], 600, seed=number)
        ends = [interval(drawn.samples[:, 0, column]) for column in range(3)]
        ends.append(interval(defined_means(drawn.samples)[:, 0]))
        held += [low <= value <= high for (low, high), value in zip(ends, [*truth, truth.mean()], strict=True)]
    coverage = held / sets
    assert (coverage >= 0.90).all(), coverage
    assert (coverage <= 0.98).all(), coverage


@pytest.mark.parametrize("draw", [_dsc, _lesions], ids=["DSC", "pooled F1"])
def test_methods_that_are_alike_differ_by_chance_in_one_of_twenty_tests(draw) -> None:
    sets = 1000
    of_sets = draw(np.random.default_rng(12), 2 * sets)
    p_values = np.array(
        [permutation_tests(of_sets, [(2 * number, 2 * number + 1)], 199, seed=number)[0].p for number in range(sets)]
    )
    # Three standard errors of a share of 0.05 among 1000 are 0.021.
    assert np.mean(p_values <= 0.05) == pytest.approx(0.05, abs=0.021)
    assert np.mean(p_values <= 0.5) == pytest.approx(0.5, abs=0.048)


def test_a_difference_that_is_there_is_found() -> None:
    of_sets = _dsc(np.random.default_rng(13), 200)
    of_sets.numerator[::2] *= 0.8
    found = [
        permutation_tests(of_sets, [(2 * number, 2 * number + 1)], 199, seed=number)[0].p <= 0.05
        for number in range(100)
    ]
    assert np.mean(found) > 0.95
