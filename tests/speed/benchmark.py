"""Speed and memory of the scorer beside its peers: prints tables of ratios, and writes them to a page.

This process imports nothing large and draws no pairs: on Linux a child's peak memory starts at its parent's.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from mswal_bench.benchmark.core.whole_files import write_text

from .agreement import disagreements
from .comparisons import COMPARISONS, READING
from .evaluation import measure_evaluation
from .machine import describe_machine
from .measurement import Measurement, children_cpu_s
from .page import HEADING, replace_section, section
from .pairs import EVALUATED_CASES, MANY_CASES, RECIPES, PairFiles, cache_folder

_CHECKOUT = Path(__file__).parents[2]
_PROGRAM = "python -m mswal_bench.tests.speed.benchmark"
_MODULE = (sys.executable, "-m")
_THREADS = ("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# Compiled modules are kept, as in an installation: else each start of a command would compile them again.
_ENVIRONMENT = {**dict.fromkeys(_THREADS, "1"), "PYTHONWARNINGS": "ignore", "PYTHONDONTWRITEBYTECODE": ""}
_WARM_SHRINK = 4
_MANY_TURNS = 2
_SETS = ("many", "evaluate")


@dataclass(frozen=True)
class Turns:
    """How often a contender is measured on a pair."""

    processes: int
    calls: int = 1
    """In each process."""


# The quick ones have turns all the way through; what takes half a minute has few.
_OFTEN = Turns(5, 3)
_TURNS: Mapping[str, Mapping[str, Turns]] = {
    "typical": {
        "ours": _OFTEN,
        READING: _OFTEN,
        "panoptica": Turns(3),
        "panoptica, class groups": Turns(2),
        "nnU-Net": Turns(3),
        "ours with distances": Turns(5),
        "monai": Turns(3),
        "monai, whole volumes": Turns(1),
    },
    "worst": {
        "ours": _OFTEN,
        READING: _OFTEN,
        "panoptica": Turns(2),
        "panoptica, class groups": Turns(1),
        "nnU-Net": Turns(2),
        "ours with distances": Turns(3),
        "monai": Turns(2),
    },
    "speckle": {
        "ours": _OFTEN,
        READING: _OFTEN,
        "panoptica": Turns(2),
        "panoptica, class groups": Turns(1),
        "nnU-Net": Turns(2),
    },
}
_Measured = dict[tuple[str, str], Measurement]


class BenchmarkError(Exception):
    """A contender crashed, or did not find what the others found."""


def main() -> None:
    arguments = _arguments()
    names = arguments.only or [*RECIPES, *_SETS]
    cache = cache_folder(arguments.cache, arguments.shrink)
    comparisons = [each for each in COMPARISONS if each.pair in names]
    try:
        # First of all: its load is that of others.
        machine = describe_machine()
        folders = {name: _make(name, cache, arguments.shrink, arguments.cases) for name in names}
        warm = _files(_make("typical", cache_folder(arguments.cache, _WARM_SHRINK), _WARM_SHRINK))
        measured: _Measured = {}
        for name, folder in folders.items():
            match name:
                case "many":
                    of_pair = _measure_many(folder)
                case "evaluate":
                    of_pair = measure_evaluation(folder, _run)
                case _:
                    of_pair = _measure_pair(name, _files(folder), warm)
            measured |= {(name, contender): measurement for contender, measurement in of_pair.items()}
    except BenchmarkError as error:
        sys.exit(f"bench: {error}")
    summaries = {
        name: json.loads((folder / "pair.json").read_text(encoding="utf-8")) for name, folder in folders.items()
    }
    text = section(comparisons, measured, summaries, [f"`{arguments.command}`", *machine])
    if arguments.out is None:
        print(text)
        return
    print(text.split("\n\n### How it was measured")[0])
    page = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
    write_text(arguments.out, replace_section(page, text))
    _progress(f"wrote the section {HEADING!r} of {arguments.out}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", choices=[*RECIPES, *_SETS], help="just this pair; can be repeated")
    parser.add_argument("--out", type=Path, help=f"a page, whose section {HEADING!r} is replaced  [default: print]")
    parser.add_argument("--cache", type=Path, default=_CHECKOUT / "build" / "speed", help="where pairs are kept")
    parser.add_argument("--shrink", type=int, default=1, help="to try things out: coarser grids, by this factor")
    parser.add_argument("--cases", type=int, default=MANY_CASES, help="to try things out: how many pairs `many` has")
    parser.add_argument("--command", default=f"{_PROGRAM} {shlex.join(sys.argv[1:])}", help=argparse.SUPPRESS)
    return parser.parse_args()


def _make(name: str, cache: Path, shrink: int, cases: int = 0) -> Path:
    """The folder of a pair, or of many; drawn where it is not there yet."""
    if name == "evaluate":
        name, cases = "many", min(cases, EVALUATED_CASES)
    folder = cache / (f"many-{cases}" if name == "many" else name)
    if not folder.exists():
        _progress(f"{name}: drawing it")
        _run([*_MODULE, "mswal_bench.tests.speed.pairs", name, str(cache), f"--shrink={shrink}", f"--cases={cases}"])
    return folder


def _files(folder: Path) -> PairFiles:
    return PairFiles(folder / "reference.nii.gz", folder / "prediction.nii.gz")


def _measure_pair(name: str, pair: PairFiles, warm: PairFiles) -> dict[str, Measurement]:
    """Lets every contender have its turns on a pair, and holds what it finds against what we find each time."""
    measured = {contender: Measurement() for contender in _TURNS[name]}
    paths = [str(path) for files in (pair, warm) for path in (files.reference, files.prediction)]
    for contender, calls in in_turn(_TURNS[name]):
        command = [*_MODULE, "mswal_bench.tests.speed.measure", contender, *paths, str(calls)]
        measurement = measured[contender]
        measurement.add(json.loads(_run(command)))
        _progress(
            f"{name}: {contender}: {median(measurement.cpu_s[-calls:]):.3f} s CPU, {measurement.peak_mib:.0f} MiB"
        )
        # The two of ours check each other; a peer's NSD can be held only against the one that has it.
        more = measured["ours with distances"].numbers if "ours with distances" in measured else {}
        ours = {class_id: more.get(class_id, {}) | found for class_id, found in measured["ours"].numbers.items()}
        if differences := disagreements(ours, measurement.numbers, contender):
            raise BenchmarkError(f"{contender} disagrees with ours on {name}:\n" + "\n".join(differences))
    return measured


def in_turn(turns: Mapping[str, Turns]) -> Iterator[tuple[str, int]]:
    """Contenders and calls, ours first; those with few turns have them spread over the whole time."""
    rounds = max(each.processes for each in turns.values())
    for turn in range(rounds):
        for contender, each in turns.items():
            # True in as many rounds as the contender has processes, the first among them.
            if turn * each.processes % rounds < each.processes:
                yield contender, each.calls


def _measure_many(folder: Path) -> dict[str, Measurement]:
    """The command on folders, with one job and with two."""
    measured = {"1 job": Measurement(), "2 jobs": Measurement()}
    command = [str(Path(sys.executable).with_name("mswal-bench")), "score", str(folder / "prediction")]
    command += ["--reference", str(folder / "reference"), "--format", "json"]
    found = ""
    for turn in range(_MANY_TURNS):
        for name in list(measured)[:: -1 if turn % 2 else 1]:
            cpu_s, wall_s = children_cpu_s(), time.perf_counter()
            table = _run([*command, "--jobs", name[0]])
            run = {"wall_s": time.perf_counter() - wall_s, "cpu_s": children_cpu_s() - cpu_s}
            measured[name].add({"runs": [run], "peak_mib": 0.0, "numbers": {}})
            _progress(f"many: {name}: {run['wall_s']:.1f} s")
            if table != (found := found or table):
                raise BenchmarkError("the table depends on the number of jobs")
    return measured


def _run(command: list[str]) -> str:
    """What a command prints, held to one thread."""
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | _ENVIRONMENT, check=False)
    if done.returncode:
        raise BenchmarkError(f"{shlex.join(command)} failed:\n{done.stderr}")
    return done.stdout


def _progress(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
