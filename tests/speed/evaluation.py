"""Measures the commands that score whole submissions beside unpacking the same files.

    python -m mswal_bench.tests.speed.evaluation FILE...

unpacks the files whole, one after the other, with isal, and prints the CPU seconds of that alone.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from .measurement import Measurement, children_cpu_s

FORM = """\
method: Drawn
authors: [mswal-bench]
affiliation: mswal-bench
contact: nobody@example.org
track: drawn
"""
_TURNS = 5


def measure_evaluation(folder: Path, run: Callable[[list[str]], str]) -> dict[str, Measurement]:
    """Measures `evaluate` and `score` with one job, start of the program included, and the plain unpacking.

    `folder` has `reference` and `prediction`, with a file a case; `run` runs a command and gives what it prints.
    """
    program = str(Path(sys.executable).with_name("mswal-bench"))
    reference = ["--reference", str(folder / "reference"), "--jobs", "1"]
    files = [str(path) for side in ("reference", "prediction") for path in sorted((folder / side).iterdir())]
    measured = {"evaluate": Measurement(), "score": Measurement(), "unpacking": Measurement()}
    with tempfile.TemporaryDirectory(prefix="evaluated-", dir=folder.parent) as scratch:
        submission = _submission(folder / "prediction", Path(scratch) / "submission")
        # Python compiles what it imports in the first turn, which is not counted.
        for turn in range(_TURNS + 1):
            results = Path(scratch) / f"results-{turn}"
            commands = {
                "evaluate": [program, "evaluate", str(submission), *reference, "--results", str(results)],
                "score": [program, "score", str(folder / "prediction"), *reference, "--format", "json"],
            }
            times = {name: _timed(command, run) for name, command in commands.items()}
            cpu_s = float(run([sys.executable, "-m", "mswal_bench.tests.speed.evaluation", *files]))
            times["unpacking"] = {"cpu_s": cpu_s, "wall_s": cpu_s}
            if not [*results.rglob("record.json")]:
                raise RuntimeError(f"no record in {results}")
            for name, of_run in times.items() if turn else ():
                measured[name].add({"runs": [of_run], "peak_mib": 0.0, "numbers": {}})
    return measured


def _submission(predictions: Path, folder: Path) -> Path:
    (folder / "predictions").mkdir(parents=True)
    for path in predictions.iterdir():
        os.link(path, folder / "predictions" / path.name)
    (folder / "submission.yaml").write_text(FORM, encoding="utf-8")
    return folder


def _timed(command: list[str], run: Callable[[list[str]], str]) -> dict[str, float]:
    cpu_s, wall_s = children_cpu_s(), time.perf_counter()
    run(command)
    return {"cpu_s": children_cpu_s() - cpu_s, "wall_s": time.perf_counter() - wall_s}


def unpacking_cpu_s(files: list[Path]) -> float:
    """Returns the CPU seconds that isal takes to unpack files into memory, one after the other."""
    from isal import isal_zlib

    start = time.process_time()
    for path in files:
        isal_zlib.decompress(path.read_bytes(), 31)
    return time.process_time() - start


if __name__ == "__main__":
    print(unpacking_cpu_s([Path(name) for name in sys.argv[1:]]))
