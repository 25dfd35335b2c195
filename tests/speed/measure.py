"""Measures one contender on one pair, in a process that does nothing else.

    python -m mswal_bench.tests.speed.measure CONTENDER REFERENCE PREDICTION WARM_REFERENCE WARM_PREDICTION RUNS

What is imported and a first call with a small pair come before the clock starts. Prints JSON: seconds of CPU time (user
and system, children included) and of wall time of each run, the process's peak memory after the first, and the numbers
that the contender found.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """One call of a contender."""

    cpu_s: float
    wall_s: float


def measure(contender: str, pair: tuple[Path, Path], warm: tuple[Path, Path], runs: int) -> dict[str, object]:
    """Calls a contender `runs` times."""
    # The names that hold libraries to one thread are read when they are imported.
    from .contenders import CONTENDERS
    from .pairs import PairFiles

    score = CONTENDERS[contender]()
    score(PairFiles(*warm))
    files = PairFiles(*pair)
    for path in pair:
        path.read_bytes()
    times, peak_mib, numbers = [], 0.0, None
    for _ in range(runs):
        began_s, wall_s = cpu_s(), time.perf_counter()
        found = score(files)
        times.append(Run(cpu_s() - began_s, time.perf_counter() - wall_s))
        peak_mib = peak_mib or _peak_mib()
        if numbers is not None and repr(found) != repr(numbers):
            raise RuntimeError(f"{contender} does not find the same twice: {numbers}, {found}")
        numbers = found
    return {"runs": [asdict(run) for run in times], "peak_mib": peak_mib, "numbers": numbers}


def cpu_s() -> float:
    """Seconds of user and system that this process took, and those of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _peak_mib() -> float:
    """Of this process, or of its largest child. Linux counts in KiB, and from the parent's size at the start."""
    used = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return max(used) / 1024


def main() -> None:
    contender, *paths, runs = sys.argv[1:]
    reference, prediction, warm_reference, warm_prediction = map(Path, paths)
    # Libraries print: what they print goes to stderr.
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    json.dump(measure(contender, (reference, prediction), (warm_reference, warm_prediction), int(runs)), report)
    report.close()


if __name__ == "__main__":
    main()
