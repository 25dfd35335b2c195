from __future__ import annotations

import numpy as np
import pytest

from mswal_bench.benchmark.board.ranking.score_arrays import arrays_of_counts, arrays_of_scores
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring.scores import scores_of
from mswal_bench.metrics import score_case

from .score_making import arrays, counts


def test_scored_cases() -> None:
    reference = np.zeros((2, 3, 8), np.uint8)
    reference[0, 0, :4] = 3
    reference[1, 2, :2] = 6
    score = score_case(reference, np.roll(reference, 1, axis=2), (1.0, 1.0, 1.0), MSWAL_1.class_ids)
    nothing = score_case(reference * 0, reference * 0, (1.0, 1.0, 1.0), MSWAL_1.class_ids)
    of = arrays_of_scores(scores_of(MSWAL_1, {"mine": {"b": score, "a": nothing}}))
    assert of.cases == ("a", "b")
    assert of.classes[2] == "liver_tumor"
    assert np.isnan(of.dsc[0, 0]).all()
    np.testing.assert_array_equal(of.dsc[0, 1], [np.nan, np.nan, 0.75, np.nan, np.nan, 0.5, np.nan])
    assert of.tp[0, 1].tolist() == [0, 0, 1, 0, 0, 0, 0]
    assert of.fp[0, 1].tolist() == of.fn[0, 1].tolist() == [0, 0, 0, 0, 0, 1, 0]
    np.testing.assert_array_equal(of.f1_per_case[0, 1], [np.nan, np.nan, 1, np.nan, np.nan, 0, np.nan])


def test_the_order_of_the_cases_makes_no_difference() -> None:
    one, two = {"gallstone": counts((50, 1, 0, 0))}, {"gallstone": counts((80, 1, 2, 0))}
    ways = (
        {"m": {"a": one, "b": two}, "n": {"a": two, "b": one}},
        {"m": {"b": two, "a": one}, "n": {"b": one, "a": two}},
    )
    first, second = (arrays_of_counts(way, ("gallstone",)) for way in ways)
    assert first.cases == second.cases
    np.testing.assert_array_equal(first.dsc, second.dsc)


def test_methods_on_other_cases_are_refused_and_which_are_named() -> None:
    row = {"gallstone": counts((50, 1, 0, 0))}
    of = {"whole": {"a": row, "b": row}, "half": {"a": row}, "more": {"a": row, "b": row, "c": row}}
    with pytest.raises(BenchError) as caught:
        arrays_of_counts(of, ("gallstone",))
    assert [(problem.where, problem.found) for problem in caught.value.problems] == [("whole", "c"), ("half", "b, c")]


def test_nothing_to_rank() -> None:
    for of, classes in (({}, ("gallstone",)), ({"m": {}}, ("gallstone",)), ({"m": {"a": {}}}, ())):
        with pytest.raises(BenchError, match=r"there is no .* to rank by"):
            arrays_of_counts(of, classes)


def test_counts_become_ratios() -> None:
    of = arrays({"m": [[(40, 2, 1, 1), None], [(0, 0, 1, 0), (90, 1, 0, 0)]]})
    assert of.dsc_ratios.values.tolist() == [[0.2, 0.9]]
    assert of.f1_ratios.values.tolist() == [[4 / 7, 1.0]]
    assert of.f1_per_case_ratios.values.tolist() == [[pytest.approx(4 / 6 / 2), 1.0]]
    assert of.dsc_ratios.defined_cases.tolist() == [[2, 1]]
