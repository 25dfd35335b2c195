"""Prediction and preparation of full-size volumes, beside nnU-Net and beside an earlier revision of this project.

    python -m mswal_bench.tests.speed.prediction [--out docs/benchmarks.md] [--only NAME] [--earlier REVISION]

Prints a section for `docs/benchmarks.md`, or writes it there. Label maps that differ in a voxel end it.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mswal_bench.benchmark.core.whole_files import write_text

from .earlier import CHECKOUT, earlier_revision
from .machine import describe_machine
from .page import replace_section
from .prediction_page import HEADING, DisagreementError, Report, compared, peak_mib, section
from .process_tree import Watched, watch

_PROGRAM = "python -m mswal_bench.tests.speed.prediction"
_EARLIER = "e4c3a68"
"""Before volumes were worked on plane by plane."""
_THREADS = ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_ENVIRONMENT = {**dict.fromkeys(_THREADS, "1"), "OMP_WAIT_POLICY": "PASSIVE", "PYTHONWARNINGS": "ignore"}
_CORES = {"predict two": "2"}
"""That this project may use; one for all other work."""
TURNS: Mapping[tuple[str, str], Mapping[str, int]] = {
    ("sparse", "export"): {"ours": 3, "nnU-Net": 1},
    ("usual", "export"): {"ours": 3, "nnU-Net": 1},
    ("dense", "export"): {"ours": 3, "nnU-Net": 1},
    ("276 slices", "predict"): {"ours": 2, "nnU-Net": 1, "earlier": 1},
    ("276 slices, five folds", "predict"): {"ours": 1, "nnU-Net": 1},
    ("1,089 slices, five folds", "predict"): {"ours": 1},
    ("1,089 slices, five folds", "predict two"): {"ours": 1},
    ("503 slices", "prepare"): {"ours": 2, "nnU-Net": 1},
}
"""How often each contender works on each data; each time is a process of its own."""


class PredictionBenchmarkError(Exception):
    """A contender failed."""


def main() -> None:
    arguments = _arguments()
    # First of all: its load is that of others.
    machine = describe_machine()
    chosen = {key: turns for key, turns in TURNS.items() if not arguments.only or key[0] in arguments.only}
    cache = arguments.cache if arguments.shrink == 1 else arguments.cache / f"shrink-{arguments.shrink}"
    try:
        with earlier_revision(arguments.earlier, arguments.cache) as (ours, earlier):
            roots = {"ours": ours, "nnU-Net": ours, "earlier": earlier}
            reports = _measure(chosen, cache, arguments.shrink, roots)
        text = section(reports, [f"`{arguments.command}`", *machine], arguments.earlier)
        voxels, foreground = compared(reports)
    except (DisagreementError, PredictionBenchmarkError) as error:
        sys.exit(f"bench: {error}")
    if arguments.out is None:
        print(text)
    else:
        print(text.split("\n\n### ")[0])
        page = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
        write_text(arguments.out, replace_section(page, text))
        _progress(f"wrote the section {HEADING!r} of {arguments.out}")
    _progress(f"labels are nnU-Net's in all {voxels:,} voxels that were compared; {foreground:,} are foreground")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=(__doc__ or "").splitlines()[0])
    names = list(dict.fromkeys(name for name, _ in TURNS))
    parser.add_argument("--only", action="append", choices=names, help="just these data; can be repeated")
    parser.add_argument("--out", type=Path, help=f"a page, whose section {HEADING!r} is replaced  [default: print]")
    parser.add_argument("--cache", type=Path, default=CHECKOUT / "build" / "speed", help="where data are kept")
    parser.add_argument("--earlier", default=_EARLIER, help="what git calls the earlier revision")
    parser.add_argument("--shrink", type=int, default=1, help="to try things out: coarser grids, by this factor")
    parser.add_argument("--command", default=f"{_PROGRAM} {shlex.join(sys.argv[1:])}".strip(), help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(
    chosen: Mapping[tuple[str, str], Mapping[str, int]], cache: Path, shrink: int, roots: Mapping[str, Path]
) -> dict[tuple[str, str, str], list[Report]]:
    reports: dict[tuple[str, str, str], list[Report]] = {}
    for (name, work), turns in chosen.items():
        folder = cache / name.replace(" ", "-").replace(",", "")
        _progress(f"{name}: drawing it, where it is not there yet")
        draw = [sys.executable, "-m", "mswal_bench.tests.speed.full_size_data", name, str(folder), f"--shrink={shrink}"]
        _run(draw, roots["ours"])
        for turn in range(max(turns.values())):
            for who in (who for who, times in turns.items() if turn < times):
                found = _report(work, who, folder, roots[who])
                reports.setdefault((name, work, who), []).append(found)
                _progress(f"{name}: {work}: {who}: {found['cpu_s']:.2f} s CPU, {peak_mib(found):.0f} MiB")
    return reports


def _report(work: str, who: str, folder: Path, root: Path) -> Report:
    program = Path(__file__).with_name("full_size.py")
    asked = "nnU-Net" if who == "nnU-Net" else "ours"
    watched = _run([sys.executable, str(program), work, asked, str(folder)], root, _CORES.get(work, "1"))
    report = json.loads(watched.stdout)
    tree_mib, processes = watched.most(report["began_s"], report["ended_s"])
    return {**report, "tree_mib": tree_mib, "processes": max(1, processes)}


def _run(command: Sequence[str], root: Path, cores: str = "1") -> Watched:
    """Runs a command with the package of `root`, held to one thread. Raises PredictionBenchmarkError when it fails."""
    environment = os.environ | _ENVIRONMENT | {"MSWAL_BENCH_CORES": cores, "PYTHONPATH": str(root)}
    watched = watch(command, environment)
    if watched.status:
        raise PredictionBenchmarkError(f"{shlex.join(command)} failed:\n{watched.stderr}")
    return watched


def _progress(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
