from __future__ import annotations

from math import nan

from .agreement import disagreements

OURS = {"1": {"dsc": 0.5, "tp": 2, "nsd": 0.9}, "2": {"dsc": nan, "tp": 0}}


def test_close_enough_is_the_same() -> None:
    assert disagreements(OURS, {"1": {"dsc": 0.5 + 9e-7, "tp": 2, "nsd": 0.9009}, "2": {"dsc": nan}}, "peer") == []


def test_each_difference_is_told() -> None:
    found = disagreements(OURS, {"1": {"dsc": 0.50001, "tp": 3, "nsd": 0.9}, "2": {"dsc": 0.0}}, "peer")
    assert found == [
        "class 1: dsc is 0.5 by ours and 0.50001 by peer",
        "class 1: tp is 2 by ours and 3 by peer",
        "class 2: dsc is nan by ours and 0.0 by peer",
    ]


def test_nan_of_the_peer_is_a_difference() -> None:
    assert len(disagreements(OURS, {"1": {"dsc": nan}}, "peer")) == 1


def test_a_number_that_we_lack_is_a_difference() -> None:
    assert len(disagreements(OURS, {"2": {"nsd": 1.0}, "3": {"tp": 1}}, "peer")) == 2


def test_other_numbers_are_not_compared() -> None:
    assert disagreements(OURS, {"1": {"hd95_mm_of_voxels": 3.0}}, "peer") == []
