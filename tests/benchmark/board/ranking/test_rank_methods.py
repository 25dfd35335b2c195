from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from mswal_bench.benchmark.board.ranking.ordered_methods import OrderedMethods
from mswal_bench.benchmark.board.ranking.rank_methods import MOST_COMPARED, rank_methods
from mswal_bench.benchmark.board.ranking.schemes import SCHEMES, competition_ranks
from mswal_bench.benchmark.board.ranking.score_arrays import ScoreArrays
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.scoring.estimates import Estimate
from mswal_bench.metrics.resampling.bootstrap import FEWEST_CASES
from mswal_bench.metrics.resampling.permutation import holm

from .score_making import arrays, picked, random_arrays

_SCHEMES = [scheme.replace("KEY", "class_1") for scheme in SCHEMES]


def _ranked(of: ScoreArrays, scheme: str = "mean-rank", **options: Any) -> Any:
    """`OrderedMethods` whose numbers are there: a type checker would have that said at each of them."""
    return rank_methods(of, scheme, **{"resamples": 300, "permutations": 200, **options})


def _places(ranking: OrderedMethods) -> dict[str, int | None]:
    return {method.method: method.rank for method in ranking.methods}


@pytest.mark.parametrize(("cases", "drawn"), [(FEWEST_CASES - 1, False), (FEWEST_CASES, True)])
def test_ranks_of_too_few_cases_have_no_interval(cases: int, drawn: bool) -> None:
    ranking = _ranked(random_arrays(3, cases))
    assert [method.rank_low is not None for method in ranking.methods] == [drawn] * 3


@pytest.mark.parametrize("scheme", _SCHEMES)
def test_what_holds_for_every_ranking(scheme: str) -> None:
    of = random_arrays(5, 30)
    ranking = _ranked(of, scheme)
    ranks = [method.rank for method in ranking.methods]
    assert ranks == sorted(ranks)
    assert {method.method for method in ranking.methods} == set(of.methods)
    for method in ranking.methods:
        assert sum(method.rank_shares) == pytest.approx(1)
        assert 1 <= method.rank_low <= method.rank_high <= 5
        assert method.dsc.low < method.dsc.value < method.dsc.high
    numbers = len({each.number for each in ranking.pairs})
    assert numbers == (2 if scheme == "mean-rank" or scheme.startswith("class") else 1)
    assert len(ranking.pairs) == 10 * numbers
    order = [method.method for method in ranking.methods]
    assert [each.second for each in ranking.neighbours] == order[1:] * numbers
    for each in (*ranking.pairs, *ranking.neighbours):
        assert order.index(each.first) < order.index(each.second)
        assert 0 < each.p <= each.p_holm <= 1
    # A neighbour's p is its pair's, corrected for fewer.
    of_pairs = {(each.first, each.second, each.number): each for each in ranking.pairs}
    for each in ranking.neighbours:
        pair = of_pairs[each.first, each.second, each.number]
        assert (each.p, each.difference) == (pair.p, pair.difference)
        assert each.p_holm <= pair.p_holm


def test_by_turns_first_and_second_are_both_first() -> None:
    of = arrays(
        {
            "more overlap": [[(90, 1, 1, 1)]] * 6,
            "worst": [[(10, 0, 1, 1)]] * 6,
            "more lesions": [[(80, 1, 0, 0)]] * 6,
        }
    )
    ranking = _ranked(of)
    assert [(method.method, method.rank, method.ordered_by) for method in ranking.methods] == [
        ("more lesions", 1, 1.5),
        ("more overlap", 1, 1.5),
        ("worst", 3, 3.0),
    ]
    assert _places(_ranked(of, "dsc")) == {"more overlap": 1, "more lesions": 2, "worst": 3}
    assert _places(_ranked(of, "f1")) == {"more lesions": 1, "more overlap": 2, "worst": 3}
    assert _ranked(of, "dsc").methods[0].ordered_by == pytest.approx(0.9)
    # Every draw is alike, so the ties are drawn every time, and the shares at a rank add up to more than 1.
    assert [method.rank_shares for method in ranking.methods] == [(1, 0, 0), (1, 0, 0), (0, 0, 1)]


def test_identical_methods_share() -> None:
    of = random_arrays(3, 20)
    twins = picked(of, [2, 0, 2])
    twins = replace(twins, methods=("b", "worst", "a"))
    for scheme in _SCHEMES:
        ranking = _ranked(twins, scheme)
        assert [(each.method, each.rank) for each in ranking.methods[:2]] == [("a", 1), ("b", 1)]
        assert ranking.methods[0].rank_shares == ranking.methods[1].rank_shares
        assert [each.p for each in ranking.neighbours if each.first == "a"] == [1.0] * (len(ranking.neighbours) // 2)


def test_one_method() -> None:
    ranking = _ranked(random_arrays(1, 20))
    (only,) = ranking.methods
    assert (only.rank, only.rank_shares, only.rank_low, only.rank_high) == (1, (1.0,), 1, 1)
    assert ranking.pairs == ranking.neighbours == ()


def test_one_case() -> None:
    ranking = _ranked(arrays({"a": [[(90, 1, 0, 0)]], "b": [[(80, 1, 0, 0)]]}), "dsc")
    assert _places(ranking) == {"a": 1, "b": 2}
    assert ranking.methods[0].dsc == Estimate(value=0.9)
    assert (ranking.methods[0].rank_shares, ranking.methods[0].rank_low) == ((0.0, 0.0), None)
    assert [each.p for each in ranking.pairs] == [1.0]


def test_a_class_that_nobody_has_changes_nothing() -> None:
    of = random_arrays(3, 20, classes=2)
    nothing = np.zeros((3, 20, 1), np.int64)
    wider = ScoreArrays(
        of.methods,
        of.cases,
        (*of.classes, "nowhere"),
        np.concatenate([of.dsc, np.full((3, 20, 1), np.nan)], axis=2),
        *(np.concatenate([each, nothing], axis=2) for each in (of.tp, of.fp, of.fn)),
    )
    for scheme in _SCHEMES:
        narrow, wide = _ranked(of, scheme), _ranked(wider, scheme)
        assert _places(narrow) == _places(wide)
        assert [each.p for each in narrow.pairs] == [each.p for each in wide.pairs]


def test_nobody_has_a_rank_where_nothing_is_defined() -> None:
    ranking = _ranked(arrays({"b": [[None]] * 6, "a": [[None]] * 6}))
    assert _places(ranking) == {"a": None, "b": None}
    assert [method.method for method in ranking.methods] == ["a", "b"]
    assert ranking.methods[0].dsc == Estimate(value=None)
    assert ranking.methods[0].ordered_by is None
    assert (ranking.methods[0].rank_shares, ranking.methods[0].rank_low) == ((0.0, 0.0), None)
    assert ranking.pairs == ranking.neighbours == ()


def test_without_a_number_a_method_stands_last_without_a_rank() -> None:
    cases = 8
    of = arrays({"silent": [[None, (50, 1, 0, 0)]] * cases, "invents": [[(0, 0, 1, 0), (50, 1, 0, 0)]] * cases})
    ranking = _ranked(of, "class:class_0")
    # False positives alone do not win the class.
    assert _places(ranking) == {"invents": None, "silent": None}
    assert [method.dsc.value for method in ranking.methods] == [0, None]
    assert all(share == 0 for method in ranking.methods for share in method.rank_shares)
    assert [method.method for method in ranking.methods] == ["invents", "silent"]
    assert ranking.pairs == ()
    # Over all classes the protocol leaves the class out for the one, and counts it as 0 for the other.
    assert _places(_ranked(of)) == {"silent": 1, "invents": 2}


def test_the_order_of_the_methods_makes_no_difference() -> None:
    of = random_arrays(5, 30)
    for scheme in _SCHEMES:
        assert _ranked(of, scheme) == _ranked(picked(of, [3, 0, 4, 1, 2]), scheme)


@pytest.mark.parametrize("scheme", ["mean-rank", "class:class_2", "mean-then-rank"])
def test_a_methods_numbers_do_not_depend_on_the_others(scheme: str) -> None:
    of = random_arrays(6, 30)
    all_of_them = {method.method: method for method in _ranked(of, scheme).methods}
    pairs = {(each.first, each.second, each.number): each for each in _ranked(of, scheme).pairs}
    fewer = _ranked(picked(of, [1, 4]), scheme)
    for method in fewer.methods:
        assert (method.dsc, method.f1, method.f1_per_case) == (
            all_of_them[method.method].dsc,
            all_of_them[method.method].f1,
            all_of_them[method.method].f1_per_case,
        )
    for each in fewer.pairs:
        assert each.p == pairs[each.first, each.second, each.number].p


def test_rank_shares_are_those_of_ranking_every_draw() -> None:
    # Two cases decide: DSC of 1 and 0 against 0 and 1, and 0.6 for a third; every draw can be counted.
    of = arrays(
        {
            "a": [[(100, 1, 0, 0)], [(0, 0, 1, 1)]] * 3,
            "b": [[(0, 0, 1, 1)], [(100, 1, 0, 0)]] * 3,
            "c": [[(60, 1, 0, 0)], [(60, 1, 0, 0)]] * 3,
        }
    )
    ranking = _ranked(of, "dsc", resamples=20_000)
    # Of six draws k are of the first kind, binomial: a has k/6, b has 1 - k/6.
    chance = np.array([1, 6, 15, 20, 15, 6, 1]) / 64
    means = np.array([[k / 6, 1 - k / 6, 0.6] for k in range(7)])
    ranks = competition_ranks(means)
    for place, name in enumerate("abc"):
        (method,) = [each for each in ranking.methods if each.method == name]
        expected = [chance[ranks[:, place] == rank].sum() for rank in (1, 2, 3)]
        assert method.rank_shares == pytest.approx(expected, abs=0.012)


def test_seeds() -> None:
    of = random_arrays(4, 40)
    assert _ranked(of, seed=1) == _ranked(of, seed=1)
    assert _ranked(of, seed=1).methods != _ranked(of, seed=2).methods


def test_wrong_calls() -> None:
    with pytest.raises(BenchError, match="is no way to rank"):
        _ranked(random_arrays(), "best")
    with pytest.raises(ValueError, match="at least one resample"):
        _ranked(random_arrays(), resamples=0)
    with pytest.raises(ValueError, match="at least one permutation"):
        _ranked(random_arrays(), permutations=0)


def test_of_many_methods_neighbours_and_the_best_are_tested() -> None:
    of = random_arrays(MOST_COMPARED + 6, 30)
    some, every = _ranked(of, permutations=100), _ranked(of, permutations=100, all_pairs=True)
    assert (some.methods, some.neighbours) == (every.methods, every.neighbours)
    assert (some.compared, every.compared) == (MOST_COMPARED, MOST_COMPARED + 6)
    order = [method.method for method in some.methods]
    assert len(some.neighbours) == 2 * (MOST_COMPARED + 5)
    for ranking, methods in ((some, order[:MOST_COMPARED]), (every, order)):
        expected = [*combinations(methods, 2)]
        assert [(each.first, each.second) for each in ranking.pairs] == expected * 2
        assert [each.number for each in ranking.pairs] == ["dsc"] * len(expected) + ["f1"] * len(expected)
    p_values = {(each.first, each.second, each.number): each for each in every.pairs}
    for each in some.pairs:
        one_of_all = p_values[each.first, each.second, each.number]
        assert (each.difference, each.p) == (one_of_all.difference, one_of_all.p)
        assert each.p_holm <= one_of_all.p_holm
    # Holm's correction is for what was tested.
    of_dsc = [each for each in some.pairs if each.number == "dsc"]
    assert [each.p_holm for each in of_dsc] == holm([each.p for each in of_dsc])


def test_ranks_by_sorting_are_those_by_counting_who_is_better() -> None:
    values = np.random.default_rng(0).integers(0, 6, (40, 9)) / 7
    values[values == 0] = np.nan
    values[3] = np.nan
    better = (values[:, None, :] > values[:, :, None]).sum(axis=2)
    expected = np.where(np.isnan(values), np.nan, 1 + better)
    np.testing.assert_array_equal(competition_ranks(values), expected)
    worse = (values[:, None, :] < values[:, :, None]).sum(axis=2)
    expected = np.where(np.isnan(values), np.nan, 1 + worse)
    np.testing.assert_array_equal(competition_ranks(values, highest_first=False), expected)
