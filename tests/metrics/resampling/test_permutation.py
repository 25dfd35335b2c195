from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from mswal_bench.metrics.resampling.case_ratios import CaseRatios, defined_means, divided, mean_of
from mswal_bench.metrics.resampling.permutation import PairTest, permutation_tests
from mswal_bench.tests.benchmark.board.ranking.score_making import arrays, picked, random_arrays


def _means(*methods: list[float]) -> CaseRatios:
    return mean_of(np.array(methods)[:, :, None])


def _one(ratios: CaseRatios, permutations: int = 10_000, seed: int = 0) -> PairTest:
    (test,) = permutation_tests(ratios, [(0, 1)], permutations, seed)
    return test


def test_three_cases_by_hand() -> None:
    # Swaps make sums of ±1 ±2 ±4; as large as 7 in size are 2 of 8, as large as 5 (after one sign is turned) 4.
    assert _one(_means([1.0, 2.0, 4.0], [0.0, 0.0, 0.0])).p == 2 / 8
    test = _one(_means([0.0, 2.0, 4.0], [1.0, 0.0, 0.0]))
    assert test.p == 4 / 8
    assert test.difference == pytest.approx(5 / 3)


def test_exact_against_scipy() -> None:
    generator = np.random.default_rng(0)
    first, second = generator.random(10), generator.random(10) + 0.15
    theirs = stats.permutation_test(
        (first, second), lambda a, b, axis: a.mean(axis) - b.mean(axis), permutation_type="samples", n_resamples=2**10
    )
    ours = _one(_means(first.tolist(), second.tolist()))
    assert ours.difference == pytest.approx(theirs.statistic)
    assert ours.p == pytest.approx(theirs.pvalue)


def test_drawn_against_scipy() -> None:
    generator = np.random.default_rng(1)
    first, second = generator.random(40), generator.random(40) + 0.08
    theirs = stats.permutation_test(
        (first, second),
        lambda a, b, axis: a.mean(axis) - b.mean(axis),
        permutation_type="samples",
        n_resamples=20_000,
        vectorized=True,
        random_state=np.random.default_rng(0),
    )
    ours = _one(_means(first.tolist(), second.tolist()), permutations=20_000)
    assert 0.02 < theirs.pvalue < 0.9
    assert ours.p == pytest.approx(theirs.pvalue, abs=0.015)


def test_pooled_f1_over_classes_against_a_plain_loop() -> None:
    of = picked(random_arrays(cases=7, seed=4), [0, 2])
    ratios = of.f1_ratios

    def difference(swapped: tuple[int, ...]) -> float:
        which = np.array(swapped)
        cases = np.arange(len(which))
        upper = [ratios.numerator[side, cases].sum(0) for side in (which, 1 - which)]
        lower = [ratios.denominator[side, cases].sum(0) for side in (which, 1 - which)]
        first, second = (defined_means(divided(a, b)) for a, b in zip(upper, lower, strict=True))
        return float(first - second)

    found = difference((0,) * 7)
    as_large = [abs(difference(swapped)) >= abs(found) - 1e-12 for swapped in product((0, 1), repeat=7)]
    test = _one(ratios)
    assert test.difference == pytest.approx(found)
    assert test.p == np.mean(as_large)
    assert 0 < test.p < 1


def test_identical_results() -> None:
    same = [0.1, 0.5, 0.9] * 20
    assert _one(_means(same, same)) == PairTest(0.0, 1.0)


def test_constant_results_that_differ() -> None:
    # scipy's tests of such differences divide by a spread of 0.
    assert _one(_means([0.5] * 12, [0.25] * 12)).p == pytest.approx(2 / 2**12)
    assert _one(_means([0.5] * 200, [0.25] * 200)).p == 1 / 10_001


def test_one_case() -> None:
    assert _one(_means([0.9], [0.1])).p == 1.0


def test_only_cases_that_differ_are_swapped_so_p_is_exact() -> None:
    alike = [0.5] * 200
    assert _one(_means([0.9, 0.8, 0.7, *alike], [0.1, 0.1, 0.1, *alike])).p == 2 / 8


def test_every_way_or_some() -> None:
    first, second = [1.0] * 6, [0.0] * 6
    assert _one(_means(first, second), permutations=64).p == 2 / 64
    # One fewer than there are ways: drawn, and then seeds differ.
    assert len({_one(_means(first, second), permutations=63, seed=seed).p for seed in range(20)}) > 1
    assert _one(_means([1.0] * 200, [0.0] * 200), permutations=99).p == 1 / 100


def test_undefined_for_one() -> None:
    test = _one(_means([np.nan, np.nan], [0.5, 0.6]))
    assert np.isnan(test.difference)
    assert np.isnan(test.p)


def test_a_swap_that_leaves_one_without_a_number_counts_against_the_difference() -> None:
    # The first predicts in one case alone; swapped there, it has no number.
    of = arrays({"first": [[(0, 0, 1, 0)], [None]], "second": [[None], [(80, 1, 0, 0)]]})
    assert _one(of.dsc_ratios) == PairTest(-0.8, 1.0)


def test_a_pair_does_not_depend_on_the_others_nor_on_their_order() -> None:
    of = random_arrays(5, 40)
    all_pairs = permutation_tests(of.dsc_ratios, [(0, 1), (1, 3), (3, 1)], 2000, seed=7)
    (alone,) = permutation_tests(picked(of, [3, 1]).dsc_ratios, [(1, 0)], 2000, seed=7)
    assert all_pairs[1] == alone
    assert all_pairs[2] == PairTest(-all_pairs[1].difference, all_pairs[1].p)


def test_seeds() -> None:
    ratios = picked(random_arrays(9, 60, seed=9), [4, 5]).f1_ratios
    assert _one(ratios, 500, seed=1) == _one(ratios, 500, seed=1)
    assert len({_one(ratios, 500, seed=seed).p for seed in range(5)}) > 1


def test_no_pairs_and_no_permutations() -> None:
    assert permutation_tests(_means([1.0], [0.0]), [], 10, 0) == []
    with pytest.raises(ValueError, match="at least one permutation"):
        permutation_tests(_means([1.0], [0.0]), [(0, 1)], 0, 0)
