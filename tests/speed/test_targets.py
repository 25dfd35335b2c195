from __future__ import annotations

import pytest

from .contenders import CONTENDERS
from .targets import TARGETS, Kind, Target


@pytest.mark.parametrize(
    ("kind", "ours", "peer", "value"),
    [
        ("times faster", 0.1, 6.0, 60),
        ("of the floor", 0.1, 0.2, 0.5),
        ("scaling", 10.0, 19.0, 1.9),
        ("memory", 90.0, 0.0, 90),
    ],
)
def test_value(kind: Kind, ours: float, peer: float, value: float) -> None:
    assert Target("", kind, "typical", 1, 1).value(ours, peer) == pytest.approx(value)


@pytest.mark.parametrize(
    ("value", "verdict"), [(59.9, "missed"), (60, "must"), (149, "must"), (150, "aim"), (400, "aim")]
)
def test_more_is_better_for_speed(value: float, verdict: str) -> None:
    assert Target("", "times faster", "typical", 60, 150).verdict(value) == verdict


@pytest.mark.parametrize(
    ("value", "verdict"), [(201, "missed"), (200, "must"), (101, "must"), (100, "aim"), (40, "aim")]
)
def test_less_is_better_for_memory(value: float, verdict: str) -> None:
    assert Target("", "memory", "typical", 200, 100).verdict(value) == verdict


def test_less_of_the_floor_is_better() -> None:
    floor = Target("", "of the floor", "worst", 2.5, 0.75)
    assert [floor.verdict(value) for value in (2.6, 2.5, 0.76, 0.75)] == ["missed", "must", "must", "aim"]


def test_no_verdict_without_limits() -> None:
    row = Target("", "times faster", "speckle", None, None)
    assert (row.verdict(3.0), row.show_limit(row.must)) == (None, "")


def test_shown_with_unit_and_direction() -> None:
    speed, memory = Target("", "times faster", "typical", 60, 150), Target("", "memory", "typical", 200, 100)
    assert (speed.show(7.346), speed.show(151.2), speed.show_limit(60)) == ("7.35x", "151x", "≥ 60x")
    assert (memory.show(89.6), memory.show_limit(200)) == ("90 MiB", "≤ 200 MiB")
    assert Target("", "of the floor", "typical", 1.5, 0.75).show_limit(1.5) == "≤ 1.5x"


def test_every_target_is_of_contenders_there_are() -> None:
    for target in TARGETS:
        named = {target.ours, target.peer} - {""}
        others = {"many": {"1 job", "2 jobs"}, "evaluate": {"evaluate", "score", "unpacking"}}
        assert named <= others.get(target.pair, set(CONTENDERS)), target
        if target.must is None or target.aim is None:
            assert target.must is target.aim
            continue
        better = target.aim < target.must if target.kind in {"memory", "of the floor"} else target.aim > target.must
        assert better, target
