"""Reads label maps, and refuses files with a voxel that is not a label.

Arrays are in the order (z, y, x): the slowest axis of the file comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import Problem, raise_if_any
from mswal_bench.metrics.foreground import Foreground, ForegroundBuilder, Runs, find_runs

from .stored_volume import StoredVolume, VolumeFile, read_voxels
from .volume_header import read_header

# Scaled integers are off by half a scaling step at most, and by the rounding of 32-bit numbers.
_ROUNDING = 2e-5
# The tolerance is at most this; scaling steps of more than twice this do not tell labels apart.
_COARSEST = 0.25
# So many distinct wrong values are counted one by one; a probability map has millions.
_MOST_DISTINCT = 1000
_MOST_SHOWN = 8
_IS_IT_AN_IMAGE = "Is this an image, or a label map of another data set?"


def read_label_map(file: VolumeFile, highest_label: int) -> Foreground:
    """Reads a volume file whose voxels are all whole numbers from 0 to `highest_label` (< 256); returns (z, y, x).

    Any integer type is read, and floats that are whole numbers. Scaled integers are taken for the label within half a
    scaling step. A 4D file with one volume is read as 3D. Raises BenchError with everything that is wrong: values that
    are fractional, not finite or not labels, with the number of voxels of each.
    """
    return read_labels(read_header(file), highest_label)


def read_labels(stored: StoredVolume, highest_label: int, notes: list[str] | None = None) -> Foreground:
    """Reads a label map as `read_label_map` does, after its header; adds a sentence to `notes` for rounded values."""
    foreground, values = sift_labels(stored, highest_label)
    raise_if_any(values.problems(stored.file))
    _note(stored, values, notes)
    return foreground


def check_labels(stored: StoredVolume, highest_label: int, notes: list[str] | None = None) -> None:
    """Raises and notes what `read_labels` does, but keeps no labels."""
    values = ValueCheck(highest_label, _tolerance(stored))
    for _ in _sifted_runs(stored, values):
        pass
    raise_if_any(values.problems(stored.file))
    _note(stored, values, notes)


def _note(stored: StoredVolume, values: ValueCheck, notes: list[str] | None) -> None:
    if notes is not None and (remark := values.rounding_remark()):
        notes.append(f"{stored.file}: {remark}")


def sift_labels(stored: StoredVolume, highest_label: int) -> tuple[Foreground, ValueCheck]:
    """Reads the labels (z, y, x), and apart from them the values that are not labels, which count as background.

    Raises VolumeError for a file that is damaged.
    """
    z, y, x = stored.geometry.shape[::-1]
    builder, check = ForegroundBuilder((z, y, x)), ValueCheck(highest_label, _tolerance(stored))
    for runs, voxels in _sifted_runs(stored, check):
        builder.add(runs, voxels)
    return builder.finish(), check


def _sifted_runs(stored: StoredVolume, check: ValueCheck) -> Iterator[tuple[Runs, int]]:
    """Yields the labelled runs of each block and its number of voxels; values that are not labels go to `check`."""
    for block in read_voxels(stored):
        # Values are scaled before runs are looked for, because a stored 0 may be scaled to a label.
        runs = find_runs(stored.scaled(block))
        if runs.starts.size:
            labels = check.sort_out(runs.values, runs.lengths)
            runs = Runs(runs.starts, runs.lengths, labels)
        yield runs, block.size


def _tolerance(stored: StoredVolume) -> float:
    """Returns how far a value may be from its label: 0 for files without scaling, so 1.9999 is not a label."""
    return min(abs(stored.slope) / 2 + _ROUNDING, _COARSEST) if stored.is_scaled else 0.0


@dataclass
class Tally:
    """Counts the voxels of each value; as text, it lists the most frequent ones."""

    voxels: int = 0
    """Counts all voxels."""
    counts: Counter[float] = field(default_factory=Counter)
    """Counts the voxels by value, up to a number of distinct values."""

    def add(self, values: NDArray[Any], voxels: NDArray[np.int64]) -> None:
        """Adds `voxels[i]` voxels of value `values[i]`, for each i."""
        self.voxels += int(voxels.sum())
        distinct, which = np.unique(values, return_inverse=True)
        for value, count in zip(distinct.tolist(), np.bincount(which, voxels).astype(int).tolist(), strict=True):
            if value in self.counts or len(self.counts) < _MOST_DISTINCT:
                self.counts[value] += count

    def __str__(self) -> str:
        """Returns the most frequent values with their numbers of voxels, and how many voxels have other values."""
        shown = self.counts.most_common(_MOST_SHOWN)
        text = ", ".join(f"{value:.6g} ({_voxels(count)})" for value, count in shown)
        rest = self.voxels - sum(count for _, count in shown)
        return f"{text} and other values ({_voxels(rest)})" if rest else text


@dataclass
class ValueCheck:
    """Separates labels from other values, block by block, and counts the other values and the rounded ones."""

    highest_label: int
    tolerance: float = 0.0
    """Is how far a value may be from a whole number."""
    rounded: Tally = field(default_factory=Tally)
    """Counts values that are not whole numbers but near enough to be taken for labels."""
    not_finite: int = 0
    """Counts voxels that are NaN or infinite."""
    fractional: Tally = field(default_factory=Tally)
    """Counts values that are too far from a whole number."""
    outside: Tally = field(default_factory=Tally)
    """Counts whole numbers below 0 or above `highest_label`."""

    def sort_out(self, values: NDArray[Any], voxels: NDArray[np.int64]) -> NDArray[Any]:
        """Returns the values as labels, with 0 for those that are not; `values[i]` stands for `voxels[i]` voxels."""
        if np.issubdtype(values.dtype, np.floating):
            values = self._whole(values, voxels)
        if values.min() < 0 or values.max() > self.highest_label:
            bad = (values < 0) | (values > self.highest_label)
            self.outside.add(values[bad], voxels[bad])
            values = np.where(bad, 0, values)
        return values

    def _whole(self, values: NDArray[np.floating[Any]], voxels: NDArray[np.int64]) -> NDArray[np.floating[Any]]:
        finite = np.isfinite(values)
        if not finite.all():
            self.not_finite += int(voxels[~finite].sum())
            values = np.where(finite, values, 0)
        whole: NDArray[np.floating[Any]] = np.rint(values)
        off = np.abs(values - whole)
        bad = off > self.tolerance
        near = (off > 0) & ~bad
        if near.any():
            self.rounded.add(values[near], voxels[near])
        if bad.any():
            self.fractional.add(values[bad], voxels[bad])
            whole[bad] = 0
        return whole

    def rounding_remark(self) -> str | None:
        """Returns a sentence about values that were taken for the nearest label; None when all were whole numbers."""
        if not self.rounded.voxels:
            return None
        cut = sorted({round(value) for value in self.rounded.counts if int(value) != round(value)})
        lost = f"; nnU-Net cuts off decimals and would lose label {', '.join(map(str, cut))}" if cut else ""
        values = ", ".join(f"{value:.6g}" for value, _ in self.rounded.counts.most_common(_MOST_SHOWN))
        return f"its labels were scaled when they were saved (found {values}); each is read as the nearest label{lost}"

    def problems(self, file: VolumeFile) -> list[Problem]:
        """Returns a problem for each sort of value that is not a label; empty when all values were labels."""
        problems = []
        if self.not_finite:
            found = _voxels(self.not_finite)
            problems.append(Problem("voxels are NaN or infinite", str(file), "labels", found, _IS_IT_AN_IMAGE))
        if self.fractional.voxels:
            what = "voxels are not whole numbers"
            mend = "Is this a probability map, or was a label map resampled with interpolation?"
            problems.append(Problem(what, str(file), "labels", str(self.fractional), mend))
        if self.outside.voxels:
            what = "voxels hold values that are not labels"
            expected = f"0 to {self.highest_label}"
            problems.append(Problem(what, str(file), expected, str(self.outside), _IS_IT_AN_IMAGE))
        return problems


def _voxels(count: int) -> str:
    return "1 voxel" if count == 1 else f"{count} voxels"
