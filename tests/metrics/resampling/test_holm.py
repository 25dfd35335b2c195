from __future__ import annotations

from math import isnan, nan

import pytest

from mswal_bench.metrics.resampling.permutation import holm


def test_by_hand() -> None:
    # In order 0.005, 0.01, 0.03, 0.04: times 4, 3, 2, 1, and never below the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_never_above_one() -> None:
    assert holm([0.6, 0.7, 1.0]) == [1.0, 1.0, 1.0]


def test_alone_and_none() -> None:
    assert holm([0.03]) == [0.03]
    assert holm([]) == []


def test_equal_ones_stay_equal() -> None:
    assert holm([0.01, 0.01, 0.5]) == pytest.approx([0.03, 0.03, 0.5])


def test_what_could_not_be_tested_is_no_test() -> None:
    corrected = holm([0.02, nan, 0.03])
    assert isnan(corrected[1])
    assert [corrected[0], corrected[2]] == pytest.approx([0.04, 0.04])
