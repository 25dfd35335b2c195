"""What was measured of one contender on one pair, over all of its runs."""

from __future__ import annotations

import resource
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Measurement:
    """Seconds of each run, and the highest peak memory of its processes."""

    cpu_s: list[float] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)
    peak_mib: float = 0.0
    """0 where it was not measured."""
    numbers: dict[str, dict[str, float]] = field(default_factory=dict)
    """What the contender found, of the last run."""

    def add(self, report: dict[str, Any]) -> None:
        """Adds what `measure.py` printed."""
        self.cpu_s += [run["cpu_s"] for run in report["runs"]]
        self.wall_s += [run["wall_s"] for run in report["runs"]]
        self.peak_mib = max(self.peak_mib, report["peak_mib"])
        self.numbers = report["numbers"]


def children_cpu_s() -> float:
    """Returns the CPU seconds of this process's children, and of theirs, that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
