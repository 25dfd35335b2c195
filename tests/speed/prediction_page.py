"""The section on prediction and preparation in `docs/benchmarks.md`, made of what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from .page import outcome, table
from .targets import reached

HEADING = "## Prediction and preparation"
Report = Mapping[str, Any]
"""What one process told, with `tree_mib` and `processes` of it and all that it started."""
Reports = Mapping[tuple[str, str, str], Sequence[Report]]
"""By data, work and contender."""
_METHOD = """\
The data are of no patient (`tests/speed/full_size_data.py`): logits are noise with lesions of seven classes as balls,
volumes have noise and 35 balls. Each run was a process of its own on one thread, the contenders took turns, and reading
what is not measured came first. Seconds are medians of CPU time (user and system, children included), with the lowest
and the highest in brackets. *Peak* is the largest resident set of the process, or what it held together with all that
it started if that is more: their proportional sets (PSS, in which a shared page counts once), looked at ten times a
second.

Labels that differ from nnU-Net's in one voxel would have ended the program: {voxels:,} voxels were compared,
{foreground:,} of them foreground.

- *export*: logits to a label map. *sparse*, *usual*: 512 x 512 x 276, 1.25 x 0.78 mm, from a grid of 1 mm with 0.014 %
  and 1.8 % foreground. *dense*: 512 x 512 x 80, 2 x 0.7 mm, from 1.25 x 0.78 mm with 13 %. Memory: above the logits.
- *predict*: from the file of an image to that of its label map, by `predict_images`, on a grid of 1 mm, with eight
  classes and a network that costs next to nothing. *Sliding window*: the network and the sums of its logits over all
  windows, which every program makes alike; limits are for all else, and a row without limits counts both. *Above the
  image*: less the bytes of the image as the network sees it. *predict two*: the same volume twice, on two cores, so
  that processes of their own prepare and write while the network works.
- *prepare*: fingerprint and preprocessing of a training case, as a worker does them. Memory: of the whole process.
- *nnU-Net*: its own functions. *earlier*: revision {earlier} of this project, before it worked plane by plane; it
  prepared with nnU-Net's own functions."""

_LONG = "1,089 slices, five folds"
_SHORT = "276 slices, five folds"
_BESIDE_WINDOWS = "predict, 276 slices, beside the sliding window: CPU of"
_WITH_WINDOWS = "predict, 276 slices, with the sliding window: CPU of"
_PARTS: Sequence[tuple[str, str, str, str, str, tuple[float, float] | None]] = (
    ("export, sparse: CPU of nnU-Net", "sparse", "export", "nnU-Net", "cpu_s", (50, 100)),
    ("export, usual: CPU of nnU-Net", "usual", "export", "nnU-Net", "cpu_s", (30, 50)),
    ("export, usual: memory of nnU-Net", "usual", "export", "nnU-Net", "above_mib", (25, 50)),
    ("export, dense: CPU of nnU-Net", "dense", "export", "nnU-Net", "cpu_s", (12, 25)),
    (f"{_BESIDE_WINDOWS} earlier", "276 slices", "predict", "earlier", "cpu_s", (8, 12)),
    (f"{_BESIDE_WINDOWS} nnU-Net", "276 slices", "predict", "nnU-Net", "cpu_s", (8, 12)),
    (f"{_WITH_WINDOWS} earlier", "276 slices", "predict", "earlier", "whole_s", None),
    (f"{_WITH_WINDOWS} nnU-Net", "276 slices", "predict", "nnU-Net", "whole_s", None),
    ("prepare, 503 slices: memory of nnU-Net", "503 slices", "prepare", "nnU-Net", "peak_mib", (2, 4)),
    ("prepare, 503 slices: CPU of nnU-Net", "503 slices", "prepare", "nnU-Net", "cpu_s", (3, 6)),
)
"""What, data, work, of whom, of which number, and, one over each, what it must be and aims to be."""


class DisagreementError(Exception):
    """A label map is another one than nnU-Net's, or there was nothing to compare."""


@dataclass(frozen=True)
class Row:
    """A number of ours, and what it must be at most and aims to be."""

    what: str
    unit: str
    """Empty for a part of another's number."""
    value: float
    must: float | None = None
    """None, and `aim` too, for a row to look at only."""
    aim: float | None = None

    def cells(self) -> list[str]:
        """For a table: what, value, must, aim, verdict."""
        what = [self.what, self._show(self.value)]
        if self.must is None or self.aim is None:
            return [*what, "", "", ""]
        limits = (f"≤ {self._show(limit)}" for limit in (self.must, self.aim))
        return [*what, *limits, reached(-self.value, must=-self.must, aim=-self.aim)]

    def _show(self, value: float) -> str:
        if self.unit:
            return f"{value:.2f} {self.unit}"
        # Three digits, so that what is shown as equal to a limit nearly is.
        return f"1/{1 / value:.3g}"


def compared(reports: Reports) -> tuple[int, int]:
    """How many voxels were compared with others' labels, and how many of them are foreground.

    Raises DisagreementError where labels are not those of the others, or have no lesion.
    """
    voxels = foreground = 0
    first: dict[tuple[str, str], tuple[str, Report]] = {}
    for (name, work, who), found in reports.items():
        for one in found:
            other, like = first.setdefault((name, work), (who, one))
            if one["digest"] != like["digest"]:
                raise DisagreementError(f"{name}: {work}: not every voxel has the same label by {other} and by {who}")
            if not one["foreground"]:
                raise DisagreementError(f"{name}: {work}: {who} found no lesion, so that nothing was compared")
    for name, work, who in reports:
        if who == "nnU-Net" and (name, work, "ours") in reports:
            _, like = first[name, work]
            voxels, foreground = voxels + like["voxels"], foreground + like["foreground"]
    return voxels, foreground


def section(reports: Reports, about: Sequence[str], earlier: str) -> str:
    """The text under the heading, itself included. Raises DisagreementError, as `compared` does."""
    voxels, foreground = compared(reports)
    runs = [
        [name, work, who, str(len(found)), _seconds(found, "cpu_s"), _seconds(found, "windows_s"), *_memory(found)]
        for (name, work, who), found in reports.items()
    ]
    cells = [row.cells() for row in rows(reports)]
    missed = [f"{row[0]} ({row[1]})" for row in cells if row[-1] == "missed"]
    parts = [
        HEADING,
        "\n".join(f"- {line}" for line in about),
        table(("what", "ours", "must", "aim", "verdict"), cells),
        f"{outcome(missed)} A fraction is of the CPU time or memory of who is named.",
        _METHOD.format(earlier=earlier, voxels=voxels, foreground=foreground),
        "### Seconds and memory of each run",
        table(("data", "work", "who", "runs", "CPU s", "sliding window", "MiB before", "peak MiB", "processes"), runs),
    ]
    return "\n\n".join(parts) + "\n"


def rows(reports: Reports) -> list[Row]:
    """Those of the table whose data were measured."""
    long, short = _above_image(reports, _LONG), _above_image(reports, _SHORT)
    whole = _peak_bytes(reports, _LONG)
    asked = [
        Row(what, "", value, *(1 / limit for limit in limits or ()))
        for what, name, work, of, number, limits in _PARTS
        if (value := _part(reports, (name, work), of, number)) is not None
    ]
    if whole is not None:
        asked.append(Row("predict, 1,089 slices, five folds: peak", "GB", whole / 1e9, 5, 4))
    two = _peak_bytes(reports, _LONG, "predict two")
    if two is not None:
        # No limit was set for it.
        asked.append(Row("the same of two, all processes together: peak", "GB", two / 1e9))
    if long is not None and short is not None:
        asked.append(Row("predict, 1,089 slices: peak above the image, of 276 slices", "x", long / short, 1.3, 1))
    return asked


def peak_mib(report: Report) -> float:
    """The kernel misses no peak of one process; only looking at all of them tells what they hold together."""
    return float(max(report["peak_mib"], report["tree_mib"]))


def _part(reports: Reports, of: tuple[str, str], who: str, number: str) -> float | None:
    sides = [reports.get((*of, each)) for each in ("ours", who)]
    if None in sides:
        return None
    ours, theirs = (median(_number(one, number) for one in side or ()) for side in sides)
    return ours / theirs


def _number(report: Report, number: str) -> float:
    """`above_mib` is the peak above what was there before, `whole_s` counts the sliding window too."""
    match number:
        case "peak_mib":
            return peak_mib(report)
        case "above_mib":
            return peak_mib(report) - float(report["before_mib"])
        case "whole_s":
            return float(report["cpu_s"] + report["windows_s"])
        case _:
            return float(report[number])


def _peak_bytes(reports: Reports, name: str, work: str = "predict") -> float | None:
    found = reports.get((name, work, "ours"))
    return max(map(peak_mib, found)) * 2**20 if found else None


def _above_image(reports: Reports, name: str) -> float | None:
    peak, found = _peak_bytes(reports, name), reports.get((name, "predict", "ours"))
    return None if peak is None or not found else peak - found[0]["image_bytes"]


def _seconds(found: Sequence[Report], name: str) -> str:
    values = [one[name] for one in found if name in one]
    if not values:
        return ""
    middle = f"{median(values):.2f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.2f} to {max(values):.2f})"


def _memory(found: Sequence[Report]) -> list[str]:
    before, peak = max(one["before_mib"] for one in found), max(map(peak_mib, found))
    return [f"{before:.0f}", f"{peak:.0f}", str(max(one["processes"] for one in found))]
