from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from mswal_bench.metrics.resampling import bootstrap as bootstrap_module
from mswal_bench.metrics.resampling import permutation as permutation_module
from mswal_bench.metrics.resampling.bootstrap import FEWEST_CASES, Bootstrapped, averaged, bootstrap, interval
from mswal_bench.metrics.resampling.case_ratios import CaseRatios, mean_of, pooled, rows_at_once
from mswal_bench.metrics.resampling.permutation import permutation_tests
from mswal_bench.tests.benchmark.board.ranking.score_making import random_arrays

_RESAMPLES = 4000


def _column(values: list[float]) -> CaseRatios:
    """One method and one column."""
    return mean_of(np.array(values)[None, :, None])


def test_the_interval_of_a_mean_is_scipys() -> None:
    values = np.random.default_rng(1).beta(5, 2, 40)
    (ours,) = bootstrap([_column(values.tolist())], 20_000, seed=0)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", random_state=np.random.default_rng(0)
    )
    # Both draw at random: ends agree as closely as two seeds of one of them do.
    spread = np.std(values) / np.sqrt(40)
    assert ours.interval(0, 0) == pytest.approx(tuple(theirs.confidence_interval), abs=0.05 * spread)
    assert np.std(ours.samples) == pytest.approx(theirs.standard_error, rel=0.03)


def test_the_interval_of_pooled_f1_is_scipys() -> None:
    generator = np.random.default_rng(2)
    tp, fp, fn = (generator.poisson(rate, 50) for rate in (2.0, 1.0, 0.5))

    def f1(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray, axis: int) -> np.ndarray:
        return 2 * tp.sum(axis) / (2 * tp + fp + fn).sum(axis)

    theirs = stats.bootstrap(
        (tp, fp, fn), f1, n_resamples=20_000, method="percentile", paired=True, random_state=np.random.default_rng(0)
    )
    ratios = pooled((2 * tp)[None, :, None], (2 * tp + fp + fn)[None, :, None])
    (ours,) = bootstrap([ratios], 20_000, seed=0)
    assert ours.interval(0, 0) == pytest.approx(
        tuple(theirs.confidence_interval), abs=0.05 * float(theirs.standard_error)
    )


def test_every_draw_of_three_cases_by_hand() -> None:
    # 27 equally likely draws; the mean of 0, 0 and 3 is the share of the third case.
    (drawn,) = bootstrap([_column([0.0, 0.0, 3.0])], 50_000, seed=3)
    means, times = np.unique(drawn.samples, return_counts=True)
    assert means.tolist() == pytest.approx([0, 1, 2, 3])
    assert (times / 50_000).tolist() == pytest.approx([8 / 27, 12 / 27, 6 / 27, 1 / 27], abs=0.008)


def test_the_same_seed_draws_the_same_and_another_another() -> None:
    of = random_arrays()
    one, two, other = (bootstrap([of.f1_ratios], _RESAMPLES, seed)[0].samples for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other, equal_nan=True)


def test_all_numbers_are_drawn_from_the_same_cases() -> None:
    of = random_arrays()
    together = bootstrap([of.dsc_ratios, of.f1_ratios], _RESAMPLES, seed=0)
    alone = bootstrap([of.f1_ratios], _RESAMPLES, seed=0)
    np.testing.assert_array_equal(together[1].samples, alone[0].samples)


def test_who_else_is_there_makes_no_difference() -> None:
    many, few = random_arrays(9).dsc_ratios, random_arrays(9).dsc_ratios
    few = CaseRatios(few.numerator[[7]], few.denominator[[7]])
    np.testing.assert_array_equal(
        bootstrap([many], _RESAMPLES, 0)[0].samples[:, [7]], bootstrap([few], _RESAMPLES, 0)[0].samples
    )


def test_more_draws_than_are_made_at_once() -> None:
    (drawn,) = bootstrap([_column([0.0, 1.0] * 5)], 2501, seed=0)
    assert drawn.samples.shape == (2501, 1, 1)
    assert not np.isnan(drawn.samples).any()
    assert np.unique(drawn.samples[2000:]).size > 3


def test_constant_values_have_an_interval_of_no_width() -> None:
    (drawn,) = bootstrap([_column([0.25] * 8)], _RESAMPLES, seed=0)
    assert drawn.interval(0, 0) == (0.25, 0.25)


def test_draws_without_the_class_are_left_out() -> None:
    values = [0.5, 0.6, 0.7, 0.8, 0.9] + [np.nan] * 10
    (drawn,) = bootstrap([_column(values)], _RESAMPLES, seed=0)
    assert np.isnan(drawn.samples).mean() == pytest.approx((10 / 15) ** 15, abs=0.005)
    low, high = drawn.interval(0, 0)
    assert 0.5 <= low < 0.7 < high <= 0.9


def test_too_few_cases_give_no_interval() -> None:
    values = [0.5, 0.6, 0.7, 0.8] + [np.nan] * 30
    (drawn,) = bootstrap([_column(values)], _RESAMPLES, seed=0)
    assert drawn.cases.tolist() == [[4]]
    assert FEWEST_CASES == 5
    assert np.isnan(drawn.interval(0, 0)).all()


@pytest.mark.parametrize("cases", [0, 3])
def test_a_class_in_no_case_and_no_case_at_all(cases: int) -> None:
    (drawn,) = bootstrap([_column([np.nan] * cases)], 10, seed=0)
    assert np.isnan(drawn.samples).all()
    assert np.isnan(drawn.interval(0, 0)).all()


def test_an_average_is_over_the_classes_that_are_in_the_draw() -> None:
    ratios = mean_of(np.array([[[1.0, np.nan], [0.0, 0.5], [1.0, np.nan], [0.0, 0.5], [1.0, np.nan], [0.0, np.nan]]]))
    (drawn,) = bootstrap([ratios], _RESAMPLES, seed=0)
    mean = averaged(drawn, ratios)
    np.testing.assert_array_equal(mean.samples[..., 0], np.nanmean(drawn.samples, axis=2))
    assert mean.cases.tolist() == [[6]]
    without = np.isnan(drawn.samples[:, 0, 1])
    assert 0 < without.sum() < _RESAMPLES
    np.testing.assert_array_equal(mean.samples[without, 0, 0], drawn.samples[without, 0, 0])


def test_the_interval_of_samples() -> None:
    assert interval(np.arange(101.0), 0.9) == pytest.approx((5, 95))
    assert interval(np.array([np.nan, 2.0, np.nan])) == (2, 2)
    assert np.isnan(interval(np.array([np.nan]))).all()
    generator = np.random.default_rng(3)
    for size in (1, 2, 3, 17, 400, 10_000):
        samples = np.round(generator.random(size), 2)
        expected = np.quantile(samples, [(1 - 0.95) / 2, (1 + 0.95) / 2])
        undefined = np.full(size, np.nan)
        assert interval(np.concatenate([undefined, samples])) == tuple(expected), "to the last digit, ties or not"


@pytest.mark.parametrize("draws", [1, 2, 3, 17, 100, 10_000])
def test_the_intervals_of_all_columns_are_numpys_quantiles(draws: int) -> None:
    generator = np.random.default_rng(draws)
    any_value = generator.random((draws, 1, 1))
    few_values = np.round(any_value, 1)
    # The tail that is guessed from some of the samples has none of the others.
    misleading = np.where(np.arange(draws) % 16 == 0, 0.0, any_value[:, 0, 0])[:, None, None]
    sides = [any_value, few_values, np.sort(any_value, axis=0), misleading, 1 - misleading, 0 * any_value]
    samples = np.concatenate(sides, axis=2)
    drawn = Bootstrapped(samples, np.full((1, len(sides)), FEWEST_CASES))
    for confidence in (0.5, 0.9, 0.95):
        expected = np.quantile(samples[:, 0], [(1 - confidence) / 2, (1 + confidence) / 2], axis=0).T
        np.testing.assert_array_equal(drawn.intervals(0, confidence), expected)


@pytest.mark.parametrize("methods", [1, 3])
def test_sums_of_two_others_are_those_of_their_own_draws(methods: int) -> None:
    generator = np.random.default_rng(4)
    tp, fp, fn, small = generator.poisson(0.4, (4, methods, 30, 2))
    fn, fp[:, :, 0] = fn + 1, 0
    ratios = [pooled(2 * tp, 2 * tp + fp + fn), pooled(tp, tp + fp), pooled(tp, tp + fn), pooled(small, small + tp)]
    # A fraction is no whole number, however near.
    ratios.append(mean_of(tp + fn + 1e-9))
    together = bootstrap(ratios, 300, seed=5)
    for of, drawn in zip(ratios, together, strict=True):
        upper, lower = (CaseRatios(part, np.ones_like(part)) for part in (of.numerator, of.denominator))
        above, below = (bootstrap([part], 300, seed=5)[0].samples for part in (upper, lower))
        expected = np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)
        np.testing.assert_allclose(drawn.samples, expected, rtol=1e-14)


@pytest.mark.parametrize("resamples", [0, -1])
def test_no_resamples(resamples: int) -> None:
    with pytest.raises(ValueError, match="at least one resample"):
        bootstrap([_column([1.0])], resamples, 0)


def test_the_values_themselves_do_not_depend_on_the_order_of_the_cases() -> None:
    of = random_arrays(cases=50)
    turned = replace(of, dsc=of.dsc[:, ::-1], tp=of.tp[:, ::-1], fp=of.fp[:, ::-1], fn=of.fn[:, ::-1])
    np.testing.assert_array_equal(of.dsc_ratios.averages, turned.dsc_ratios.averages)
    np.testing.assert_array_equal(of.f1_ratios.averages, turned.f1_ratios.averages)


def test_the_size_of_pieces_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    ratios = random_arrays(3, 30).f1_ratios
    assert rows_at_once(ratios) > 300, "all in one piece"

    def drawn() -> tuple[list[float], np.ndarray]:
        (of,) = bootstrap([ratios], 300, seed=2)
        return [test.p for test in permutation_tests(ratios, [(0, 1), (0, 2)], 300, seed=2)], of.samples

    p_values, samples = drawn()
    for module in (bootstrap_module, permutation_module):
        monkeypatch.setattr(module, "rows_at_once", lambda ratios: 7)
    in_pieces = drawn()
    assert in_pieces[0] == p_values
    np.testing.assert_allclose(in_pieces[1], samples, rtol=1e-12)
