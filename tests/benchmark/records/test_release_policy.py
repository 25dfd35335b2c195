"""What a policy shows of numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records.release_policy import Release, ReleasePolicy, read_policy, released
from mswal_bench.benchmark.scoring.estimates import AverageResult, ClassResult, Estimate

_VALUE = Estimate(value=0.4399, low=0.41, high=0.47)
_NONE = Estimate(value=None)
_CLASSES = {"gallstone": ClassResult(**dict.fromkeys(ClassResult.model_fields, _VALUE))}
_AVERAGE = AverageResult(dsc=_VALUE, f1=Estimate(value=0.29), f1_per_case=_VALUE, dsc_classes=7, f1_classes=6)


def test_two_averages_are_left() -> None:
    classes, average = released(_CLASSES, _AVERAGE, Release(policy=ReleasePolicy(), shown=True))
    assert {estimate for _, estimate in classes["gallstone"]} == {_NONE}
    assert average == AverageResult(
        dsc=Estimate(value=0.43), f1=Estimate(value=0.29), f1_per_case=_NONE, dsc_classes=7, f1_classes=6
    )
    assert released(classes, average, Release(policy=ReleasePolicy(), shown=True)) == (classes, average)


def test_nothing_is_left_of_what_is_not_shown() -> None:
    _, average = released(_CLASSES, _AVERAGE, Release(policy=ReleasePolicy(), shown=False))
    assert (average.dsc, average.f1, average.f1_per_case) == (_NONE, _NONE, _NONE)


@given(st.floats(0, 0.98), st.sampled_from([0.1, 0.123456, 1 / 3, 0.5, 1.0, 2.5, 5.0]), st.floats(0, 0.2))
def test_a_step_more_is_always_shown_as_more(value: float, points: float, above: float) -> None:
    policy = ReleasePolicy(points=points)
    steps, more = policy.steps(value), policy.steps(value + points / 100 + above)
    assert steps is not None
    assert more is not None
    assert more > steps
    shown = policy.fraction(steps)
    assert shown is not None
    assert value - points / 100 - 1e-9 < shown <= value + 1e-9
    assert policy.steps(shown) == steps, "of what is published the same again"


@given(st.floats(0.1, 20), st.floats(0, 1))
def test_of_what_any_policy_publishes_it_publishes_the_same_again(points: float, value: float) -> None:
    policy = ReleasePolicy(points=points)
    steps = policy.steps(value)
    assert policy.steps(policy.fraction(steps)) == steps


@pytest.mark.parametrize("text", ["{", '{"points": 0}', '{"digits": 2}', '{"submissions": 0}'])
def test_what_is_no_policy(text: str, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(text)
    with pytest.raises(BenchError, match="is not a release policy"):
        read_policy(tmp_path / "policy.json")
    with pytest.raises(BenchError, match="cannot be read"):
        read_policy(tmp_path / "nothing.json")


def test_what_a_policy_leaves_out_is_the_default(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text('{"submissions": 3}')
    assert read_policy(tmp_path / "policy.json") == ReleasePolicy(submissions=3)
