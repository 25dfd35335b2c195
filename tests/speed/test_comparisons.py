from __future__ import annotations

import pytest

from .comparisons import COMPARISONS, Comparison, Kind, show_ratio
from .contenders import CONTENDERS


@pytest.mark.parametrize(
    ("kind", "ours", "peer", "ratio"),
    [("faster", 0.1, 6.0, 60), ("part", 0.1, 0.2, 0.5), ("speed-up", 10.0, 19.0, 1.9)],
)
def test_ratio(kind: Kind, ours: float, peer: float, ratio: float) -> None:
    assert Comparison("", kind, "typical").ratio(ours, peer) == pytest.approx(ratio)


def test_shown_with_two_decimals_below_ten() -> None:
    assert [show_ratio(value) for value in (0.709, 7.346, 151.2)] == ["0.71x", "7.35x", "151x"]


def test_every_comparison_is_of_contenders_there_are() -> None:
    for one in COMPARISONS:
        named = {one.ours, one.peer} - {""}
        others = {"many": {"1 job", "2 jobs"}, "evaluate": {"evaluate", "score", "unpacking"}}
        assert named <= others.get(one.pair, set(CONTENDERS)), one
        assert bool(one.peer) == (one.kind != "memory"), one
