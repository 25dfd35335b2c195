"""How probable each case is in a draw."""

import numpy as np
import pytest

from mswal_bench.baselines.nnunet.case_odds import case_odds

# Type 1 is in three cases, type 2 in one; the last case has no lesion.
TYPES = [{1}, {1}, {1, 2}, set()]


def test_half_of_all_draws_go_through_a_type():
    # By types: (1/3, 1/3, 1/3 + 1, 0) / 2. By cases: 1/4 each.
    assert case_odds(TYPES, 0.5) == pytest.approx([5 / 24, 5 / 24, 11 / 24, 3 / 24])


def test_they_are_how_often_cases_come_when_a_type_is_drawn_first():
    odds = case_odds(TYPES, 1)
    assert odds == pytest.approx([1 / 6, 1 / 6, 4 / 6, 0])
    draws = np.random.default_rng(0)
    having = {kind: [case for case, types in enumerate(TYPES) if kind in types] for kind in (1, 2)}
    drawn = [draws.choice(having[draws.choice((1, 2))]) for _ in range(10_000)]
    assert np.bincount(drawn, minlength=4) / 10_000 == pytest.approx(odds, abs=0.02)


def test_without_types_all_cases_are_alike():
    assert case_odds(TYPES, 0) == pytest.approx([0.25] * 4)
    assert case_odds([set(), set()], 1) == pytest.approx([0.5, 0.5])
    assert case_odds([], 1).tolist() == []
