"""Prediction and preparation of full-size volumes, beside nnU-Net and beside an earlier revision of this project.

    python -m mswal_bench.tests.speed.prediction [--out docs/benchmarks.md] [--only NAME] [--earlier REVISION]

Prints a section for `docs/benchmarks.md`, or writes it there. Label maps that differ in a voxel end it.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from mswal_bench.benchmark.core.whole_files import write_text

from .machine import describe_machine
from .page import replace_section, table

_CHECKOUT = Path(__file__).parents[2]
_PROGRAM = "python -m mswal_bench.tests.speed.prediction"
_HEADING = "## Prediction and preparation"
_EARLIER = "e4c3a68"
"""Before volumes were worked on plane by plane."""
_THREADS = ("MSWAL_BENCH_CORES", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_ENVIRONMENT = {**dict.fromkeys(_THREADS, "1"), "OMP_WAIT_POLICY": "PASSIVE", "PYTHONWARNINGS": "ignore"}
_TURNS: Mapping[tuple[str, str], Mapping[str, int]] = {
    ("sparse", "export"): {"ours": 3, "nnU-Net": 1},
    ("usual", "export"): {"ours": 3, "nnU-Net": 1},
    ("dense", "export"): {"ours": 3, "nnU-Net": 1},
    ("276 slices", "predict"): {"ours": 2, "nnU-Net": 1, "earlier": 1},
    ("276 slices, five folds", "predict"): {"ours": 1},
    ("1,089 slices, five folds", "predict"): {"ours": 1},
    ("503 slices", "prepare"): {"ours": 2, "nnU-Net": 1},
}
"""How often each contender works on each data; each time is a process of its own."""
_METHOD = """\
The data are of no patient (`tests/speed/full_size_data.py`). Logits are noise with lesions of seven classes as balls;
volumes have noise and 35 balls. The network costs next to nothing. What the sliding window takes, the network and the
sums of its logits, depends on network and device, and is not counted but listed below. Each run was a process of its
own on one thread, the contenders took turns, and reading what is not measured came first. Seconds are medians of CPU
time (user and system), with the lowest and the highest in brackets. Memory is the largest resident set of the process;
a single volume is predicted and prepared by one process. A label map that differs from nnU-Net's in one voxel would
have ended the program: {voxels:,} voxels were compared, {foreground:,} of them foreground.

- *export*: logits to a label map. *sparse*, *usual*: 512 x 512 x 276, 1.25 x 0.78 mm, from a grid of 1 mm with 0.014 %
  and 1.8 % foreground. *dense*: 512 x 512 x 80, 2.5 x 0.7 mm, from 1.25 x 0.78 mm with 13 %. Memory: above the logits.
- *predict*: from the file of an image to that of its label map, on a grid of 1 mm, with eight classes.
- *prepare*: fingerprint and preprocessing of a training case, as a worker does them.
- *nnU-Net*: its own functions. *earlier*: revision {earlier} of this project, before it worked plane by plane; it
  prepared with nnU-Net's own functions."""
_Reports = dict[tuple[str, str, str], list[dict[str, Any]]]
"""By data, work and contender."""


class PredictionBenchmarkError(Exception):
    """A contender failed, or its label map is another one."""


@dataclass(frozen=True)
class Row:
    """A number of ours, and what it must be at most and aims to be."""

    what: str
    unit: str
    """Empty for a part of another's number."""
    value: float
    must: float
    aim: float

    def cells(self) -> list[str]:
        """For a table: what, value, must, aim, verdict."""
        verdict = "aim" if self.value <= self.aim else "must" if self.value <= self.must else "missed"
        return [
            self.what,
            self._show(self.value),
            *(f"≤ {self._show(limit)}" for limit in (self.must, self.aim)),
            verdict,
        ]

    def _show(self, value: float) -> str:
        if self.unit:
            return f"{value:.2f} {self.unit}" if self.unit == "x" else f"{value:.1f} {self.unit}"
        return f"1/{1 / value:.3g}"


def main() -> None:
    arguments = _arguments()
    machine = describe_machine()
    chosen = {key: turns for key, turns in _TURNS.items() if not arguments.only or key[0] in arguments.only}
    cache = arguments.cache if arguments.shrink == 1 else arguments.cache / f"shrink-{arguments.shrink}"
    try:
        with _roots(arguments.earlier, arguments.cache) as roots:
            reports = _measure(chosen, cache, arguments.shrink, roots)
        compared = check(reports)
    except PredictionBenchmarkError as error:
        sys.exit(f"bench: {error}")
    about = [f"`{arguments.command}`", *machine]
    text = section(reports, about, arguments.earlier, compared)
    if arguments.out is None:
        print(text)
        return
    page = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
    write_text(arguments.out, replace_section(page, text))
    print(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=(__doc__ or "").splitlines()[0])
    names = list(dict.fromkeys(name for name, _ in _TURNS))
    parser.add_argument("--only", action="append", choices=names, help="just these data; can be repeated")
    parser.add_argument("--out", type=Path, help=f"a page, whose section {_HEADING!r} is replaced  [default: print]")
    parser.add_argument("--cache", type=Path, default=_CHECKOUT / "build" / "speed", help="where data are kept")
    parser.add_argument("--earlier", default=_EARLIER, help="what git calls the earlier revision")
    parser.add_argument("--shrink", type=int, default=1, help="to try things out: coarser grids, by this factor")
    parser.add_argument("--command", default=f"{_PROGRAM} {shlex.join(sys.argv[1:])}".strip(), help=argparse.SUPPRESS)
    return parser.parse_args()


@contextmanager
def _roots(earlier: str, cache: Path) -> Iterator[Mapping[str, Path]]:
    """The folders from which each contender's `mswal_bench` is imported."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mswal-earlier-", dir=cache) as folder:
        checkouts = {"ours": _CHECKOUT, "earlier": Path(folder) / "checkout"}
        _git("worktree", "add", "--detach", str(checkouts["earlier"]), earlier)
        try:
            for name, checkout in checkouts.items():
                (Path(folder) / name).mkdir()
                (Path(folder) / name / "mswal_bench").symlink_to(checkout)
            ours = Path(folder) / "ours"
            yield {"ours": ours, "nnU-Net": ours, "earlier": Path(folder) / "earlier"}
        finally:
            _git("worktree", "remove", "--force", str(checkouts["earlier"]))


def _git(*words: str) -> None:
    subprocess.run(["git", "-C", str(_CHECKOUT), *words], check=True, capture_output=True)


def _measure(
    chosen: Mapping[tuple[str, str], Mapping[str, int]], cache: Path, shrink: int, roots: Mapping[str, Path]
) -> _Reports:
    reports: _Reports = {}
    for (name, work), turns in chosen.items():
        folder = cache / name.replace(" ", "-").replace(",", "")
        _progress(f"{name}: drawing it, where it is not there yet")
        draw = [sys.executable, "-m", "mswal_bench.tests.speed.full_size_data", name, str(folder), f"--shrink={shrink}"]
        _run(draw, roots["ours"])
        for turn in range(max(turns.values())):
            for who, times in turns.items():
                if turn >= times:
                    continue
                program = Path(__file__).with_name("full_size.py")
                asked = "nnU-Net" if who == "nnU-Net" else "ours"
                found = json.loads(_run([sys.executable, str(program), work, asked, str(folder)], roots[who]))
                reports.setdefault((name, work, who), []).append(found)
                _progress(f"{name}: {work}: {who}: {found['cpu_s']:.2f} s CPU, {found['peak_mib']:.0f} MiB")
    return reports


def check(reports: _Reports) -> tuple[int, int]:
    """How many voxels were compared, and how many of them are foreground. Raises PredictionBenchmarkError where a label
    map is not that of the others, or has no lesion."""
    compared: dict[tuple[str, str], dict[str, Any]] = {}
    for (name, work, _), found in reports.items():
        for one in found:
            if work == "prepare":
                continue
            first = compared.setdefault((name, work), one)
            if one["digest"] != first["digest"]:
                raise PredictionBenchmarkError(f"{name}: two label maps are not the same in every voxel")
            if not one["foreground"]:
                raise PredictionBenchmarkError(f"{name}: no lesion was predicted, so that nothing was compared")
    beside = [key[:2] for key in reports if key[2] != "ours"]
    seen = [found for key, found in compared.items() if key in beside]
    return sum(one["voxels"] for one in seen), sum(one["foreground"] for one in seen)


def section(reports: _Reports, about: Sequence[str], earlier: str, compared: tuple[int, int]) -> str:
    """The text under the heading, itself included."""
    contenders = [
        [name, work, who, str(len(found)), _seconds(found, "cpu_s"), _seconds(found, "windows_s"), *_memory(found)]
        for (name, work, who), found in reports.items()
    ]
    voxels, foreground = compared
    parts = [
        _HEADING,
        "\n".join(f"- {line}" for line in about),
        table(("what", "ours", "must", "aim", "verdict"), [row.cells() for row in rows(reports)]),
        "*aim* and *must*: the limit that was reached. A fraction is of the CPU time or memory of who is named.",
        _METHOD.format(earlier=earlier, voxels=voxels, foreground=foreground),
        "### Seconds and memory of each run",
        table(("data", "work", "who", "runs", "CPU s", "sliding window", "MiB before", "peak MiB"), contenders),
    ]
    return "\n\n".join(parts) + "\n"


def rows(reports: _Reports) -> list[Row]:
    """Those of the table whose data were measured."""

    def part(name: str, work: str, of: str, number: str) -> float | None:
        sides = [reports.get((name, work, who)) for who in ("ours", of)]
        if None in sides:
            return None
        ours, theirs = (median(_number(one, number) for one in side or ()) for side in sides)
        return ours / theirs

    def peak(name: str) -> float | None:
        found = reports.get((name, "predict", "ours"))
        return max(one["peak_mib"] for one in found) * 2**20 if found else None

    def above_image(name: str) -> float | None:
        bytes_held, found = peak(name), reports.get((name, "predict", "ours"))
        return None if bytes_held is None or not found else bytes_held - found[0]["image_bytes"]

    stored = "503 slices", "prepare", "nnU-Net"
    long, short = above_image("1,089 slices, five folds"), above_image("276 slices, five folds")
    whole = peak("1,089 slices, five folds")
    asked = [
        ("export, sparse: CPU of nnU-Net", "", part("sparse", "export", "nnU-Net", "cpu_s"), 1 / 50, 1 / 100),
        ("export, usual: CPU of nnU-Net", "", part("usual", "export", "nnU-Net", "cpu_s"), 1 / 30, 1 / 50),
        ("export, usual: memory of nnU-Net", "", part("usual", "export", "nnU-Net", "above"), 1 / 25, 1 / 50),
        ("export, dense: CPU of nnU-Net", "", part("dense", "export", "nnU-Net", "cpu_s"), 1 / 12, 1 / 25),
        ("predict, 276 slices: CPU of earlier", "", part("276 slices", "predict", "earlier", "cpu_s"), 1 / 8, 1 / 12),
        ("predict, 276 slices: CPU of nnU-Net", "", part("276 slices", "predict", "nnU-Net", "cpu_s"), 1 / 8, 1 / 12),
        ("predict, 1,089 slices, five folds: peak", "GB", None if whole is None else whole / 1e9, 5, 4),
        ("the same above the image, of 276 slices", "x", long / short if long and short else None, 1.3, 1.0),
        (
            "prepare, 503 slices: memory of nnU-Net",
            "",
            part(*stored, "peak_mib"),
            1 / 2,
            1 / 4,
        ),
        ("prepare, 503 slices: CPU of nnU-Net", "", part(*stored, "cpu_s"), 1 / 3, 1 / 6),
    ]
    return [Row(what, unit, value, must, aim) for what, unit, value, must, aim in asked if value is not None]


def _number(report: Mapping[str, Any], number: str) -> float:
    value: float = report["peak_mib"] - report["before_mib"] if number == "above" else report[number]
    return value


def _seconds(found: Sequence[Mapping[str, Any]], name: str) -> str:
    values = [one[name] for one in found if name in one]
    if not values:
        return ""
    middle = f"{median(values):.2f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.2f} to {max(values):.2f})"


def _memory(found: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    return tuple(f"{max(one[name] for one in found):.0f}" for name in ("before_mib", "peak_mib"))  # type: ignore[return-value]


def _run(command: Sequence[str], root: Path) -> str:
    """What a command prints, with the package of `root`, held to one thread."""
    environment = os.environ | _ENVIRONMENT | {"PYTHONPATH": str(root)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise PredictionBenchmarkError(f"{shlex.join(command)} failed:\n{done.stderr}")
    return done.stdout


def _progress(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
