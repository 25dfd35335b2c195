"""The section of `docs/benchmarks.md` that a run writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from .agreement import TOLERANCES
from .comparisons import Comparison, Kind, show_ratio
from .measurement import Measurement

HEADING = "## Scoring"
_TITLE = """# Benchmarks

How fast scoring, ranking and prediction are, beside other programs that do the same. Each section names the machine and
the command that wrote it. Times depend on the machine; ratios, of programs that took turns on it, do so much less.
"""
_METHOD = f"""\
Every program read both files of a pair and scored the seven classes, in a process of its own on one thread. Imports and
a first call with a small pair were not timed. The programs took turns, so that other load on the machine slowed all of
them alike. Seconds are medians of CPU time (user and system), with the lowest and the highest in brackets. Peak memory
is the process's maximum resident set after one call.

All programs found the same numbers, else nothing would have been written: DSC within {TOLERANCES["dsc"]:g}, NSD within
{TOLERANCES["nsd"]:g}; TP, FP and FN exactly.

- *mswal-bench*: `score_files`: DSC, TP, FP and FN with every lesion's row; beside monai NSD at 2 mm and HD95 as well.
- *panoptica*: DSC, TP, FP and FN at IoU 0.5 with cc3d, given the masks of one class after the other; *with class
  groups*, as its manual shows, it takes longer.
- *nnU-Net*: `compute_metrics`, DSC only.
- *monai*: NSD (`use_subvoxels=True`) and HD95 only, given the box around each class; *on whole volumes* it takes
  longer. Its HD95 is measured between the centres of voxels, which is another number than ours, and was not compared.
  google-deepmind's surface-distance was not measured: both of its packages on PyPI crash on numpy 2 with an empty side.
- *Reading alone* scores nothing: isal unpacks both files whole into memory, and numpy counts their equal voxels once.
  It is no lower bound: mswal-bench reads the files in pieces, and can take less.
- *evaluate*, *score*: the commands, of eight typical pairs with one job, with the start of the program; evaluating
  copies and digests the submission, checks it and writes a record. They stand beside isal, which unpacks the 16 files
  whole into memory, one after the other, and does nothing more.
- *484 pairs*: hard links to eight typical pairs under 484 names, all read and scored by one `mswal-bench score`; wall
  time, with the start of the program."""
_TABLES: Mapping[Kind, tuple[str, Sequence[str]]] = {
    "faster": (
        "### Beside other scorers",
        ("compared with", "pair", "mswal-bench, CPU s", "the other, CPU s", "times as fast"),
    ),
    "part": (
        "### Beside reading the files",
        ("what", "pair", "mswal-bench, CPU s", "reading, CPU s", "of the reading"),
    ),
    "speed-up": ("### Two jobs beside one", ("what", "pair", "2 jobs, wall s", "1 job, wall s", "times as fast")),
    "memory": ("### Memory", ("what", "pair", "MiB")),
}


def section(
    comparisons: Sequence[Comparison],
    measured: Mapping[tuple[str, str], Measurement],
    pairs: Mapping[str, Mapping[str, Any]],
    machine: Sequence[str],
) -> str:
    """The text under the heading, itself included."""
    raw_columns = ("pair", "contender", "runs", "CPU s", "wall s", "peak MiB")
    pair_columns = ("pair", "voxels", "spacing mm", "lesions", "foreground voxels", "file KiB")
    parts = [HEADING, "\n".join(f"- {line}" for line in machine)]
    for kind, (heading, columns) in _TABLES.items():
        rows = [_row(each, measured) for each in comparisons if each.kind == kind]
        parts += [heading, table(columns, rows)] if rows else []
    parts += [
        "### How it was measured",
        _METHOD,
        "### Seconds and memory of each program",
        table(raw_columns, [_raw_row(*key, measurement) for key, measurement in measured.items()]),
        "### The pairs",
        "`tests/speed/pairs.py` draws the pairs, which are of no patient. Numbers: reference / prediction.",
        table(pair_columns, [_pair_row(name, summary) for name, summary in pairs.items()]),
    ]
    return "\n\n".join(parts) + "\n"


def replace_section(page: str, text: str) -> str:
    """The page with `text` in place of the section of the same heading, or at its end; other sections stay.

    A section goes from its `## ` line to the next one. An empty page gets the title.
    """
    heading = text.splitlines()[0]
    before: list[str] = []
    after: list[str] = []
    part, found = before, False
    for line in (page or _TITLE).splitlines():
        if line.startswith("## "):
            if line.rstrip() == heading:
                found = True
                continue
            if found:
                part = after
        if part is after or not found:
            part.append(line)
    parts = ("\n".join(lines).strip("\n") for lines in (before, text.splitlines(), after))
    return "\n\n".join(part for part in parts if part) + "\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _row(comparison: Comparison, measured: Mapping[tuple[str, str], Measurement]) -> list[str]:
    ours = measured[comparison.pair, comparison.ours]
    if comparison.kind == "memory":
        return [comparison.what, comparison.pair, f"{ours.peak_mib:.0f}"]
    peer = measured[comparison.pair, comparison.peer]
    clocks = (side.wall_s if comparison.kind == "speed-up" else side.cpu_s for side in (ours, peer))
    (our_s, least, most), (peer_s, *_) = (_middle_least_most(seconds) for seconds in clocks)
    cells = [f"{_seconds(our_s)} ({_seconds(least)} to {_seconds(most)})", _seconds(peer_s)]
    return [comparison.what, comparison.pair, *cells, show_ratio(comparison.ratio(our_s, peer_s))]


def _raw_row(pair: str, contender: str, measurement: Measurement) -> list[str]:
    clocks = []
    for seconds in (measurement.cpu_s, measurement.wall_s):
        middle, least, most = map(_seconds, _middle_least_most(seconds))
        clocks.append(middle if len(seconds) == 1 else f"{middle} ({least} to {most})")
    peak = f"{measurement.peak_mib:.0f}" if measurement.peak_mib else ""
    return [pair, contender, str(len(measurement.cpu_s)), *clocks, peak]


def _pair_row(name: str, summary: Mapping[str, Any]) -> list[str]:
    sides = [summary[side] for side in ("reference", "prediction")]
    return [
        name,
        " x ".join(map(str, reversed(summary["shape"]))),
        " x ".join(f"{mm:g}" for mm in reversed(summary["spacing_mm"])),
        " / ".join(f"{side['lesions']:,}" for side in sides),
        " / ".join(f"{side['voxels']:,}" for side in sides),
        " / ".join(f"{side['bytes'] / 1024:.0f}" for side in sides),
    ]


def _middle_least_most(seconds: Sequence[float]) -> tuple[float, float, float]:
    return median(seconds), min(seconds), max(seconds)


def _seconds(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"
