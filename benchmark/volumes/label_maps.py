"""Reads a label map: every voxel checked to be a label, or the file refused.

Arrays are (z, y, x): the slowest axis of the file first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from stat import S_ISDIR
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...metrics.foreground import Foreground, ForegroundBuilder, Runs, find_runs
from ..errors import Problem, raise_if_any
from .metaimage_header import read_metaimage_header
from .nifti_header import read_nifti_header
from .stored_volume import DAMAGED, StoredVolume, corrupt, read_voxels, refuse
from .volume_file import VolumeFile

SUFFIXES = (".nii.gz", ".nii", ".mha")
# Floats must be whole numbers exactly: 1.9999 is not a label. Only scaled data, integers with a slope in 32 bits, gets
# room for the rounding: writers that scale labels 0..7 to 16 bits are off by half a step, 5.3e-5.
SCALED_TOLERANCE = 1e-4
# Distinct wrong values that are counted one by one; a probability map has millions.
_MOST_DISTINCT = 1000
_MOST_SHOWN = 8
_IS_IT_AN_IMAGE = "Is this an image, or a label map of another data set?"


def case_id(name: str) -> str | None:
    """The case that a file is of, by its name: the name without `.nii.gz`, `.nii` or `.mha`; None for other files."""
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return None


def read_header(file: VolumeFile) -> StoredVolume:
    """What a volume file says of itself, without reading its voxels. Raises BenchError when it cannot be used."""
    try:
        status = file.stat()
        if S_ISDIR(status.st_mode):
            raise refuse(file, "a folder", "a file", mend="")
        if not status.st_size:
            raise refuse(file, "the file is empty", fault="truncated")
        return read_metaimage_header(file) if file.name.lower().endswith(".mha") else read_nifti_header(file)
    except DAMAGED as error:
        raise corrupt(file, error) from error
    except OSError as error:
        raise refuse(file, f"cannot be read ({error.strerror or error})", mend="") from error


def read_label_map(file: VolumeFile, highest_label: int) -> Foreground:
    """Reads one `.nii.gz`, `.nii` or `.mha` file whose voxels are all whole numbers from 0 to `highest_label` (< 256).

    Gives what is labelled, (z, y, x). Any integer dtype is read, and floats that are whole numbers; 4D with one volume
    is read as 3D. Raises BenchError with everything that is wrong: values that are fractional, not finite or not
    labels, each with their number.
    """
    return read_labels(read_header(file), highest_label)


def read_labels(stored: StoredVolume, highest_label: int) -> Foreground:
    """As `read_label_map`, of a file whose header is read already."""
    foreground, wrong = sift_labels(stored, highest_label)
    raise_if_any(wrong.problems(stored.file))
    return foreground


def check_labels(stored: StoredVolume, highest_label: int) -> None:
    """Raises what `read_labels` raises, and keeps nothing of what it reads."""
    wrong = WrongValues(highest_label)
    for _ in _sifted_runs(stored, wrong):
        pass
    raise_if_any(wrong.problems(stored.file))


def sift_labels(stored: StoredVolume, highest_label: int) -> tuple[Foreground, WrongValues]:
    """What is labelled, and apart from it the values that are no labels, which are background in the first.

    Raises VolumeError for a file that is damaged.
    """
    z, y, x = stored.geometry.shape[::-1]
    builder, wrong = ForegroundBuilder((z, y, x)), WrongValues(highest_label)
    for runs, voxels in _sifted_runs(stored, wrong):
        builder.add(runs, voxels)
    return builder.finish(), wrong


def _sifted_runs(stored: StoredVolume, wrong: WrongValues) -> Iterator[tuple[Runs, int]]:
    """The labelled runs of one block after the other, and its number of voxels; what is no label goes to `wrong`."""
    for block in read_voxels(stored):
        # Scaled before runs are looked for: a stored 0 may be a label then.
        runs = find_runs(_values(stored, block))
        if runs.starts.size:
            labels = wrong.sort_out(runs.values, runs.lengths, _is_scaled(stored))
            runs = Runs(runs.starts, runs.lengths, labels)
        yield runs, block.size


def _is_scaled(stored: StoredVolume) -> bool:
    return (stored.slope, stored.intercept) != (1.0, 0.0)


@np.errstate(over="ignore", invalid="ignore")
def _values(stored: StoredVolume, values: NDArray[Any]) -> NDArray[Any]:
    return values * stored.slope + stored.intercept if _is_scaled(stored) else values


@dataclass
class Tally:
    """Values and their numbers of voxels; as text, the most frequent ones."""

    voxels: int = 0
    counts: Counter[float] = field(default_factory=Counter)

    def add(self, values: NDArray[Any], voxels: NDArray[np.int64]) -> None:
        """Takes `voxels[i]` voxels of value `values[i]`."""
        self.voxels += int(voxels.sum())
        distinct, which = np.unique(values, return_inverse=True)
        for value, count in zip(distinct.tolist(), np.bincount(which, voxels).astype(int).tolist(), strict=True):
            if value in self.counts or len(self.counts) < _MOST_DISTINCT:
                self.counts[value] += count

    def __str__(self) -> str:
        """The most frequent values with their numbers, and how many voxels have others."""
        shown = self.counts.most_common(_MOST_SHOWN)
        text = ", ".join(f"{value:.6g} ({_voxels(count)})" for value, count in shown)
        rest = self.voxels - sum(count for _, count in shown)
        return f"{text} and other values ({_voxels(rest)})" if rest else text


@dataclass
class WrongValues:
    """Separates labels from what is none, block by block, and keeps count of the latter."""

    highest_label: int
    not_finite: int = 0
    """Voxels that are NaN or infinite."""
    fractional: Tally = field(default_factory=Tally)
    outside: Tally = field(default_factory=Tally)
    """Whole numbers below 0 or above `highest_label`."""

    def sort_out(self, values: NDArray[Any], voxels: NDArray[np.int64], scaled: bool) -> NDArray[Any]:
        """The values, of which each stands for `voxels` voxels, as whole numbers; where a value is no label, 0."""
        if np.issubdtype(values.dtype, np.floating):
            values = self._whole(values, voxels, SCALED_TOLERANCE if scaled else 0.0)
        if values.min() < 0 or values.max() > self.highest_label:
            bad = (values < 0) | (values > self.highest_label)
            self.outside.add(values[bad], voxels[bad])
            values = np.where(bad, 0, values)
        return values

    def _whole(
        self, values: NDArray[np.floating[Any]], voxels: NDArray[np.int64], tolerance: float
    ) -> NDArray[np.floating[Any]]:
        finite = np.isfinite(values)
        if not finite.all():
            self.not_finite += int(voxels[~finite].sum())
            values = np.where(finite, values, 0)
        whole: NDArray[np.floating[Any]] = np.rint(values)
        bad = np.abs(values - whole) > tolerance
        if bad.any():
            self.fractional.add(values[bad], voxels[bad])
            whole[bad] = 0
        return whole

    def problems(self, file: VolumeFile) -> list[Problem]:
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
