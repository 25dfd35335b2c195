"""The section on prediction and preparation in `docs/benchmarks.md`, made of what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from .page import table

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
  windows, which every program makes alike: it is counted in the rows *with* it alone. *Above the image*: less the bytes
  of the image as the network sees it. *predict two*: the same volume twice, on two cores, so that processes of their
  own prepare and write while the network works.
- *prepare*: fingerprint and preprocessing of a training case, as a worker does them. Memory: of the whole process.
- *nnU-Net*: its own functions. *earlier*: revision {earlier} of this project, before it worked plane by plane; it
  prepared with nnU-Net's own functions."""

_LONG = "1,089 slices, five folds"
_SHORT = "276 slices, five folds"
_CPU, _MEMORY = "CPU time", "peak memory"
_BESIDE_WINDOWS = "predict, 276 slices, beside the sliding window"
_WITH_WINDOWS = "predict, 276 slices, with the sliding window"
_PARTS: Sequence[tuple[str, str, str, str, str, str]] = (
    ("export, sparse", _CPU, "sparse", "export", "nnU-Net", "cpu_s"),
    ("export, usual", _CPU, "usual", "export", "nnU-Net", "cpu_s"),
    ("export, usual", _MEMORY, "usual", "export", "nnU-Net", "above_mib"),
    ("export, dense", _CPU, "dense", "export", "nnU-Net", "cpu_s"),
    (_BESIDE_WINDOWS, _CPU, "276 slices", "predict", "earlier", "cpu_s"),
    (_BESIDE_WINDOWS, _CPU, "276 slices", "predict", "nnU-Net", "cpu_s"),
    (_WITH_WINDOWS, _CPU, "276 slices", "predict", "earlier", "whole_s"),
    (_WITH_WINDOWS, _CPU, "276 slices", "predict", "nnU-Net", "whole_s"),
    ("prepare, 503 slices", _MEMORY, "503 slices", "prepare", "nnU-Net", "peak_mib"),
    ("prepare, 503 slices", _CPU, "503 slices", "prepare", "nnU-Net", "cpu_s"),
)
"""What, its measure, data, work, of whom, and of which number."""


class DisagreementError(Exception):
    """A label map is another one than nnU-Net's, or there was nothing to compare."""


@dataclass(frozen=True)
class Row:
    """A number of ours."""

    what: str
    measure: str
    value: float
    unit: str = ""
    """Empty for a part of another's number."""
    beside: str = ""
    """Whose number it is a part of."""

    def cells(self) -> list[str]:
        """For a table: what, measure, value, beside whom."""
        shown = f"{self.value:.2f} {self.unit}" if self.unit else f"1/{1 / self.value:.3g}"
        return [self.what, self.measure, shown, self.beside]


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
    parts = [
        HEADING,
        "\n".join(f"- {line}" for line in about),
        table(("what", "measure", "mswal-bench", "beside"), cells),
        "A fraction is of the CPU time or the memory of the program in the last column.",
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
        Row(what, measure, value, beside=of)
        for what, measure, name, work, of, number in _PARTS
        if (value := _part(reports, (name, work), of, number)) is not None
    ]
    if whole is not None:
        asked.append(Row("predict, 1,089 slices, five folds", _MEMORY, whole / 1e9, "GB"))
    two = _peak_bytes(reports, _LONG, "predict two")
    if two is not None:
        asked.append(Row("the same of two, all processes together", _MEMORY, two / 1e9, "GB"))
    if long is not None and short is not None:
        what = "predict, 1,089 slices, five folds, above the image"
        asked.append(Row(what, _MEMORY, long / short, "x", "itself with 276 slices"))
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
