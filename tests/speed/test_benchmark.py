from __future__ import annotations

from collections import Counter

from .benchmark import Turns, in_turn


def test_everyone_has_their_turns_the_slow_ones_spread_out() -> None:
    turns = list(in_turn({"ours": Turns(5, 3), "slow": Turns(2), "once": Turns(1)}))
    assert Counter(turns) == {("ours", 3): 5, ("slow", 1): 2, ("once", 1): 1}
    assert turns[:3] == [("ours", 3), ("slow", 1), ("once", 1)]
    assert [name for name, _ in turns].index("slow", 2) == 6
