"""Numbers on both sides of each bound."""

import math

import pytest

from .bounds import BoundError, check_labels, check_logits, check_resumed


@pytest.mark.parametrize(
    ("check", "numbers"),
    [
        (check_logits, {"differences": {"float32": 1e-3, "mixed": 0.1}}),
        (check_logits, {"differences": {"float32": 0.0, "mixed": None}}),
        (check_labels, {"foreground": 100, "differing": 5}),
        (check_resumed, {"resumed": 0.0, "twice": 0.0}),
        (check_resumed, {"resumed": 9e-6, "twice": 1e-6}),
    ],
)
def test_within(check, numbers):
    check(numbers)


@pytest.mark.parametrize(
    ("check", "numbers", "sentence"),
    [
        (check_logits, {"differences": {"float32": 1.1e-3, "mixed": 0}}, r"1\.1e-03 .* \(float32\)"),
        (check_logits, {"differences": {"float32": math.nan, "mixed": 0}}, r"nan .* \(float32\)"),
        (check_logits, {"differences": {"float32": 0, "mixed": 0.2}}, r"2\.0e-01 .* \(mixed\)"),
        (check_logits, {"not_compared": "OutOfMemoryError"}, "not compared: OutOfMemoryError"),
        (check_labels, {"foreground": 100, "differing": 6}, "6 voxels .* of 100 that are foreground"),
        (check_labels, {"foreground": 0, "differing": 0}, "no label maps were compared"),
        (check_resumed, {"resumed": 1e-9, "twice": 0.0}, r"1\.0e-09 .* 0\.0e\+00"),
        (check_resumed, {"resumed": math.nan, "twice": 1.0}, "nan"),
    ],
)
def test_beyond(check, numbers, sentence):
    with pytest.raises(BoundError, match=sentence):
        check(numbers)
