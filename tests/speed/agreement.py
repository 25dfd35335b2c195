"""Whether contenders found the same numbers: who is quick but wrong is not compared."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

TOLERANCES: Mapping[str, float] = {"dsc": 1e-6, "tp": 0, "fp": 0, "fn": 0, "nsd": 1e-3}
"""How far apart two contenders' numbers may be; numbers not named here are not compared."""


def disagreements(
    ours: Mapping[str, Mapping[str, float]], peer: Mapping[str, Mapping[str, float]], name: str
) -> list[str]:
    """A sentence for each number of the peer's that is another than ours. Where both are NaN they are the same."""
    found = []
    for class_id, numbers in peer.items():
        for metric, theirs in numbers.items():
            if metric not in TOLERANCES:
                continue
            own = ours.get(class_id, {}).get(metric)
            if own is None or not (abs(own - theirs) <= TOLERANCES[metric] or (isnan(own) and isnan(theirs))):
                found.append(f"class {class_id}: {metric} is {own} by ours and {theirs} by {name}")
    return found
