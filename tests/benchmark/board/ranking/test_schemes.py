from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from mswal_bench.benchmark.board.ranking.schemes import competition_ranks, criteria, ranked
from mswal_bench.benchmark.core.errors import BenchError

from .score_making import Row, arrays, random_arrays


def test_ties_share_and_the_next_is_as_far_down_as_there_are_before() -> None:
    assert competition_ranks(np.array([0.9, 0.9, 0.5])).tolist() == [1, 1, 3]
    assert competition_ranks(np.array([0.5, 0.9, 0.7, 0.9, 0.5])).tolist() == [4, 1, 3, 1, 4]


def test_undefined_has_no_rank_and_counts_for_nobody() -> None:
    np.testing.assert_array_equal(competition_ranks(np.array([np.nan, 0.1, 0.2])), [np.nan, 2, 1])
    assert np.isnan(competition_ranks(np.array([np.nan, np.nan]))).all()


def test_sums_added_up_in_another_order_are_ties() -> None:
    assert 0.1 + 0.2 != 0.3
    assert competition_ranks(np.array([0.1 + 0.2, 0.3])).tolist() == [1, 1]


@pytest.mark.parametrize("highest_first", [True, False])
def test_against_scipy_in_many_rows(highest_first: bool) -> None:
    values = np.random.default_rng(3).integers(0, 5, (200, 7)).astype(float)
    expected = rankdata(-values if highest_first else values, method="min", axis=1)
    np.testing.assert_array_equal(competition_ranks(values, highest_first=highest_first), expected)


def test_the_mean_of_two_ranks_is_ranked_again() -> None:
    # First and second by turns; the third is third twice.
    ranks, mean = ranked([np.array([0.9, 0.8, 0.1]), np.array([0.5, 0.6, 0.1])], [True, True])
    assert mean.tolist() == [1.5, 1.5, 3]
    assert ranks.tolist() == [1, 1, 3]


def test_without_one_of_two_numbers_there_is_no_rank() -> None:
    ranks, _ = ranked([np.array([0.9, 0.8]), np.array([np.nan, 0.6])], [True, True])
    np.testing.assert_array_equal(ranks, [np.nan, 1])


# DSC in percent, TP, FP, FN; two classes in two cases.
_TWO: dict[str, list[list[Row]]] = {
    "steady": [[(60, 2, 0, 0), (60, 1, 1, 0)], [(60, 1, 0, 1), None]],
    "peaky": [[(100, 1, 0, 1), (50, 1, 0, 0)], [(50, 1, 0, 1), None]],
}


def _averages(scheme: str) -> list[list[float]]:
    return [criterion.ratios.averages.tolist() for criterion in criteria(arrays(_TWO), scheme)]


def test_every_scheme_by_hand() -> None:
    dsc = [0.6, 0.625]  # (0.6 + 0.6) / 2, (0.75 + 0.5) / 2
    f1 = [(6 / 7 + 2 / 3) / 2, (4 / 6 + 1) / 2]
    f1_per_case = [((1 + 2 / 3) / 2 + 2 / 3) / 2, ((2 / 3 + 2 / 3) / 2 + 1) / 2]
    assert _averages("dsc") == [pytest.approx(dsc)]
    assert _averages("f1") == [pytest.approx(f1)]
    assert _averages("mean-rank") == [pytest.approx(dsc), pytest.approx(f1)]
    assert _averages("class:class_1") == [pytest.approx([0.6, 0.5]), pytest.approx([2 / 3, 1])]
    both = [(a + b) / 2 for a, b in zip(dsc, f1_per_case, strict=True)]
    assert _averages("mean-then-rank") == [pytest.approx(both)]
    # DSC: class 0 has ranks 2, 1 and 1, 2, class 1 has 1, 2. F1: class 0 has 1, 2 and 1, 1, class 1 has 2, 1.
    assert _averages("rank-then-mean") == [pytest.approx([(1.5 + 1 + 1 + 2) / 4, (1.5 + 2 + 1.5 + 1) / 4])]


def test_means_and_ranks_need_not_agree() -> None:
    # One bad case costs the mean, two slightly better ones make the ranks.
    of = arrays(
        {
            "often better": [[(61, 1, 0, 0)], [(61, 1, 0, 0)], [(0, 0, 1, 1)]],
            "never bad": [[(60, 1, 0, 0)], [(60, 1, 0, 0)], [(60, 1, 0, 0)]],
        }
    )
    (mean,) = criteria(of, "mean-then-rank")
    (rank,) = criteria(of, "rank-then-mean")
    assert mean.ratios.averages[0] < mean.ratios.averages[1]
    # By DSC 1, 1, 2 against 2, 2, 1, by F1 1, 1, 2 against 1, 1, 1.
    assert rank.ratios.averages.tolist() == pytest.approx([(4 / 3 + 4 / 3) / 2, (5 / 3 + 1) / 2])
    assert not rank.highest_first


def test_who_rightly_predicts_nothing_has_the_best_rank_of_the_case() -> None:
    of = arrays({"invents": [[(0, 0, 1, 0)], [(50, 1, 0, 0)]], "knows": [[None], [(50, 1, 0, 0)]]})
    (rank,) = criteria(of, "rank-then-mean")
    # Second and first in the first case; in the second they tie.
    assert rank.ratios.averages.tolist() == [1.5, 1.0]


@pytest.mark.parametrize("scheme", ["", "DSC", "class", "median"])
def test_other_schemes_are_refused(scheme: str) -> None:
    with pytest.raises(BenchError, match="is no way to rank: expected mean-rank or dsc"):
        criteria(random_arrays(), scheme)


@pytest.mark.parametrize("scheme", ["class:", "class:nothing", "class:class_0 "])
def test_other_classes_are_refused(scheme: str) -> None:
    with pytest.raises(BenchError, match="is no class that was scored: expected class_0, class_1"):
        criteria(random_arrays(), scheme)
