"""Holm's correction: of several tests, in one of twenty series of them any is significant by chance."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values, corrected, in their order (Holm, Scand J Stat 6:65, 1979). NaN stays and does not count as a test.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted((index for index, p in enumerate(p_values) if not isnan(p)), key=p_values.__getitem__)
    corrected = list(p_values)
    highest = 0.0
    for place, index in enumerate(order):
        # A larger p never becomes the smaller one.
        highest = max(highest, min(1.0, (len(order) - place) * p_values[index]))
        corrected[index] = highest
    return corrected
