from __future__ import annotations

from math import isnan, nan

import pytest

from mswal_bench.metrics import ClassCounts, ClassScore, MetricPair, average, average_score, class_score, difficulty

EMPTY = ClassCounts(0, 0, 0, 0, 0, 0)


def _class_score(dsc: float, f1: float) -> ClassScore:
    return ClassScore(dsc, f1, 0, 0, 0, f1, 0)


def test_dsc_is_a_mean_over_cases_and_f1_is_pooled() -> None:
    score = class_score([ClassCounts(10, 10, 10, 1, 0, 0), ClassCounts(10, 10, 5, 1, 4, 2), EMPTY])
    assert score.dsc == pytest.approx((1.0 + 0.5) / 2)
    assert (score.tp, score.fp, score.fn) == (2, 4, 2)
    assert score.f1 == pytest.approx(4 / 10)
    assert score.f1_per_case == pytest.approx((1.0 + 2 / 8) / 2)
    assert score.cases == 2


def test_a_false_alarm_in_a_case_without_the_class_counts_as_zero() -> None:
    score = class_score([ClassCounts(10, 10, 10, 1, 0, 0), ClassCounts(0, 3, 0, 0, 1, 0)])
    assert (score.dsc, score.cases) == (0.5, 2)


@pytest.mark.parametrize("counts", [[], [EMPTY, EMPTY]])
def test_a_class_that_nowhere_occurs_is_undefined(counts: list[ClassCounts]) -> None:
    score = class_score(counts)
    assert isnan(score.dsc)
    assert isnan(score.f1)
    assert isnan(score.f1_per_case)
    assert score.cases == 0


def test_average_leaves_out_undefined_classes() -> None:
    mean = average({"a": _class_score(0.2, 0.4), "b": _class_score(nan, nan), "c": _class_score(0.4, 0.5)})
    assert mean.dsc == pytest.approx(0.3)
    assert mean.f1 == pytest.approx(0.45)
    assert (mean.dsc_classes, mean.f1_classes) == (2, 2)


def test_average_of_nothing_is_undefined() -> None:
    mean = average({"a": _class_score(nan, nan)})
    assert isnan(mean.dsc)
    assert mean.dsc_classes == 0


def test_average_score_is_over_the_methods_where_defined() -> None:
    scores = average_score([{"a": _class_score(0.2, 0.1)}, {"a": _class_score(0.6, nan)}])
    assert scores["a"].dsc == pytest.approx(0.4)
    assert scores["a"].f1 == pytest.approx(0.1)
    assert average_score([]) == {}


def test_difficulty_is_hardest_first_per_metric() -> None:
    scores = {
        "easy": MetricPair(0.9, 0.5),
        "tied": MetricPair(0.3, 0.5),
        "undefined": MetricPair(nan, nan),
        "hard": MetricPair(0.1, 0.6),
    }
    assert difficulty(scores, "dsc") == ["hard", "tied", "easy"]
    assert difficulty(scores, "f1") == ["easy", "tied", "hard"]


def test_the_order_of_the_cases_does_not_matter() -> None:
    counts = [ClassCounts(7, 3 + i, 1 + i % 3, 1, 0, 0) for i in range(50)]
    assert class_score(counts) == class_score(reversed(counts))
