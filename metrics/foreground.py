"""A label map without its background: the runs of labelled voxels along the array's last axis.

Lesions fill a thousandth of a scan. What is measured here is measured on runs, so that time and memory go with the
lesions and not with the scan, and a label map can be taken in block by block without ever being held whole.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Labels = NDArray[np.integer[Any]]
Indices = NDArray[np.int64]
HIGHEST_CLASS_ID = 255
"""What a byte can hold: the arrays that lesions are labelled in have one a voxel."""
# A block and what is made of it should stay in a core's cache.
_BLOCK_VOXELS = 1 << 19


@dataclass(frozen=True, eq=False)
class Runs:
    """Stretches of equal values in a one-dimensional array, in its order. One entry a run."""

    starts: Indices
    lengths: Indices
    values: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Foreground:
    """Every labelled voxel of a 3D label map, in runs as long as class and row allow.

    Two label maps of one shape are equal exactly when their runs are. Arrays have one entry a run.
    """

    shape: tuple[int, int, int]
    """Of the label map, in C order: runs lie along the last axis."""
    starts: Indices
    """Flat index of each run's first voxel, ascending."""
    lengths: Indices
    class_ids: Indices
    """Never 0."""

    @property
    def ends(self) -> Indices:
        """Flat index behind each run's last voxel."""
        return self.starts + self.lengths

    def coordinates(self) -> tuple[Indices, Indices, Indices]:
        """Index along each of the array's axes of every run's first voxel."""
        rows, third = _divided(self.starts, self.shape[2])
        first, second = _divided(rows, self.shape[1])
        return first, second, third

    def select(self, runs: NDArray[np.bool_] | Indices) -> Foreground:
        """Some of the runs, by a mask or by their ascending places."""
        return Foreground(self.shape, self.starts[runs], self.lengths[runs], self.class_ids[runs])

    def of_class(self, class_id: int) -> Foreground:
        """The runs of one class."""
        return self.select(self.class_ids == class_id)

    def reoriented(self, axes: tuple[int, int, int], flipped: tuple[bool, bool, bool]) -> Foreground:
        """The foreground of the label map that numpy's `transpose(axes)` gives, with the axes flipped that are told.

        Runs lie along one axis only, so that every voxel is taken by itself.
        """
        shape = (self.shape[axes[0]], self.shape[axes[1]], self.shape[axes[2]])
        index = [np.repeat(axis, self.lengths) for axis in self.coordinates()]
        index[2] += numbered(self.lengths)
        index = [index[axis] for axis in axes]
        first, second, third = (
            size - 1 - axis if flip else axis for axis, size, flip in zip(index, shape, flipped, strict=True)
        )
        places = (first * shape[1] + second) * shape[2] + third
        order = np.argsort(places)
        starts = places[order]
        return _as_long_as_rows_allow(shape, starts, starts + 1, np.repeat(self.class_ids, self.lengths)[order])

    def to_array(self, dtype: DTypeLike = np.uint8) -> NDArray[Any]:
        """The label map itself, of a dtype that can hold its class ids."""
        array = np.zeros(prod(self.shape), dtype)
        for start, end, class_id in zip(self.starts.tolist(), self.ends.tolist(), self.class_ids.tolist(), strict=True):
            array[start:end] = class_id
        return array.reshape(self.shape)


class ForegroundBuilder:
    """Takes a flat label map in, piece by piece, and makes its foreground."""

    def __init__(self, shape: tuple[int, int, int]):
        self._shape = shape
        self._voxels = 0
        empty = np.zeros(0, np.int64)
        self._pieces: list[tuple[Indices, Indices, Indices]] = [(empty, empty, empty)]

    def add(self, runs: Runs, voxels: int) -> None:
        """Takes the runs of the next piece, which has that many voxels; values are whole numbers, 0 is background."""
        labelled = runs.values != 0
        if labelled.any():
            starts = runs.starts[labelled] + self._voxels
            self._pieces.append((starts, runs.lengths[labelled], runs.values[labelled].astype(np.int64)))
        self._voxels += voxels

    def finish(self) -> Foreground:
        """The foreground of all pieces. Raises ValueError when they are not as many voxels as the shape has."""
        if self._voxels != prod(self._shape):
            raise ValueError(f"expected {prod(self._shape)} voxels, got {self._voxels}")
        starts, lengths, class_ids = (np.concatenate(parts) for parts in zip(*self._pieces, strict=True))
        return _as_long_as_rows_allow(self._shape, starts, starts + lengths, class_ids)


def find_runs(values: NDArray[Any]) -> Runs:
    """The runs of equal values, other than 0, of a one-dimensional, contiguous array. NaN of one bit pattern are equal.

    Of most of a label map nothing is done but to see, eight bytes at a time, that it is 0.
    """
    size = values.dtype.itemsize
    bits = values.view(f"u{size}")
    in_words = bits.size - bits.size % (8 // size)
    filled = np.flatnonzero(bits[:in_words].view(np.uint64) != 0)
    if not filled.size and not bits[in_words:].any():
        return Runs(filled, filled, values[:0])
    places = (filled[:, None] * (8 // size) + np.arange(8 // size)).ravel()
    if in_words < bits.size:
        places = np.concatenate([places, np.arange(in_words, bits.size)])
    bits = bits[places]
    begins = np.ones(places.size, np.bool_)
    begins[1:] = (bits[1:] != bits[:-1]) | (places[1:] - places[:-1] != 1)
    first = np.flatnonzero(begins)
    lengths = np.empty_like(first)
    np.subtract(first[1:], first[:-1], out=lengths[:-1])
    lengths[-1] = places.size - first[-1]
    labelled = bits[first] != 0
    starts = places[first[labelled]]
    return Runs(starts, lengths[labelled], values[starts])


def empty_foreground(shape: tuple[int, int, int]) -> Foreground:
    """The foreground of a label map that is all background."""
    none = np.zeros(0, np.int64)
    return Foreground(shape, none, none, none)


def foreground_of(labels: Labels, class_ids: Collection[int] | None = None) -> Foreground:
    """The foreground of a 3D integer array; labels that are not in `class_ids`, where given, are background too.

    Raises ValueError for an array that is not 3D or not of integers.

    >>> foreground = foreground_of(np.array([[[0, 3, 3, 5]]]))
    >>> foreground.starts.tolist(), foreground.lengths.tolist(), foreground.class_ids.tolist()
    ([1, 3], [2, 1], [3, 5])
    """
    if labels.ndim != 3:
        raise ValueError(f"expected a 3D array, got shape {labels.shape}")
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"expected integer labels, got {labels.dtype}")
    shape = (labels.shape[0], labels.shape[1], labels.shape[2])
    builder = ForegroundBuilder(shape)
    slices = max(1, _BLOCK_VOXELS // max(1, prod(shape[1:])))
    for first in range(0, shape[0], slices):
        piece = np.ascontiguousarray(labels[first : first + slices]).ravel()
        runs = find_runs(piece)
        if class_ids is not None:
            wanted = np.isin(runs.values, list(class_ids))
            runs = Runs(runs.starts, runs.lengths, np.where(wanted, runs.values, 0))
        builder.add(runs, piece.size)
    return builder.finish()


def numbered(counts: Indices) -> Indices:
    """0, 1, ... as often as each count says: for 2 and 3, gives 0, 1, 0, 1, 2."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _as_long_as_rows_allow(
    shape: tuple[int, int, int], starts: Indices, ends: Indices, class_ids: Indices
) -> Foreground:
    """Joins runs that pieces cut, and cuts those that go over the end of a row."""
    cut = (starts[1:] == ends[:-1]) & (class_ids[1:] == class_ids[:-1])
    if cut.any():
        begins = np.concatenate(([True], ~cut))
        starts, ends, class_ids = starts[begins], ends[np.concatenate((~cut, [True]))], class_ids[begins]
    row_voxels = shape[2]
    first_rows, last_rows = _divided(starts, row_voxels)[0], _divided(ends - 1, row_voxels)[0]
    rows = last_rows - first_rows + 1
    if (rows > 1).any():
        # Each run as many times as it has rows.
        row_starts = (np.repeat(first_rows, rows) + numbered(rows)) * row_voxels
        starts = np.maximum(np.repeat(starts, rows), row_starts)
        ends = np.minimum(np.repeat(ends, rows), row_starts + row_voxels)
        class_ids = np.repeat(class_ids, rows)
    return Foreground(shape, starts, ends - starts, class_ids)


def _divided(indices: Indices, size: int) -> tuple[Indices, Indices]:
    """Quotient and remainder; twice as fast as divmod, which looks after negative numbers."""
    quotient = indices // max(1, size)
    return quotient, indices - quotient * size
