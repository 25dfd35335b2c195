"""Scoring beside an earlier revision of this project: whether it has become slower.

    python -m mswal_bench.tests.speed.since REVISION [--out docs/benchmarks.md]

Both score the same hard links to a typical pair, by the command, in turns.
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from mswal_bench.benchmark.core.whole_files import write_text

from .earlier import CHECKOUT, earlier_revision
from .machine import describe_machine
from .page import replace_section, table
from .pairs import RECIPES, cache_folder, make_pair

_PROGRAM = "python -m mswal_bench.tests.speed.since"
_HEADING = "## Scoring, beside an earlier revision"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_SCORE = "from mswal_bench.benchmark.cli.main import main; main()"
_METHOD = """\
Each revision scored {cases} hard links to a typical pair (`tests/speed/pairs.py`) with `mswal-bench score --jobs 1`.
Every call was a process of its own, and its start counts; the revisions took turns. Seconds are medians of CPU time
over {turns} turns, with the lowest and the highest in brackets. The ratio is the median of the turns' ratios."""


def main() -> None:
    arguments = _arguments()
    machine = describe_machine()
    pair = make_pair(RECIPES["typical"], cache_folder(arguments.cache, 1) / "typical")
    with (
        earlier_revision(arguments.revision, arguments.cache) as paths,
        tempfile.TemporaryDirectory(prefix="mswal-since-", dir=arguments.cache) as folder,
    ):
        there = Path(folder)
        seconds: dict[str, list[float]] = {"this tree": [], arguments.revision: []}
        for name, file in (("reference", pair.reference), ("prediction", pair.prediction)):
            (there / name).mkdir()
            for case in range(arguments.cases):
                (there / name / f"case-{case}.nii.gz").hardlink_to(file)
        for _ in range(arguments.turns):
            for name, path in zip(seconds, paths, strict=True):
                seconds[name].append(_cpu_s(path, there))
                print(f"{name}: {seconds[name][-1]:.2f} s", file=sys.stderr, flush=True)
    text = _section(seconds, arguments, machine)
    if arguments.out is None:
        print(text)
        return
    page = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
    write_text(arguments.out, replace_section(page, text))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("revision", help="what git calls the earlier revision")
    parser.add_argument("--out", type=Path, help=f"a page, whose section {_HEADING!r} is replaced  [default: print]")
    parser.add_argument("--cache", type=Path, default=CHECKOUT / "build" / "speed", help="where pairs are kept")
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--turns", type=int, default=9)
    return parser.parse_args()


def _cpu_s(path: Path, folder: Path) -> float:
    """CPU seconds of scoring with the package that lies on `path`."""
    command = [sys.executable, "-c", _SCORE, "score", str(folder / "prediction"), "--reference"]
    command += [str(folder / "reference"), "--jobs", "1", "--format", "json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | _ONE_THREAD | {"PYTHONPATH": str(path)}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _section(seconds: dict[str, list[float]], arguments: argparse.Namespace, machine: list[str]) -> str:
    ours, theirs = seconds["this tree"], seconds[arguments.revision]
    ratio = median(one / other for one, other in zip(ours, theirs, strict=True))
    rows = [
        (name, f"{median(times):.2f} ({min(times):.2f} to {max(times):.2f})", f"{ratio:.3f}" if times is ours else "")
        for name, times in seconds.items()
    ]
    about = [f"`{shlex.join([*_PROGRAM.split(), *sys.argv[1:]])}`", *machine]
    parts = [
        _HEADING,
        "\n".join(f"- {line}" for line in about),
        table(("revision", "CPU s", "of the earlier"), rows),
        _METHOD.format(cases=arguments.cases, turns=arguments.turns),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
