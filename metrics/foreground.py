"""Stores a label map without its background, as runs of labelled voxels along the array's last axis.

Lesions fill about a thousandth of a scan. Measuring on runs takes time and memory for the lesions alone, and a label
map can be read block by block without ever being held whole.
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
"""Is the highest number of a byte: the arrays in which lesions are labelled have one byte for each voxel."""
BLOCK_VOXELS = 1 << 19
"""A block of this size, with the arrays made of it, fits into a core's cache."""


@dataclass(frozen=True, eq=False)
class Runs:
    """Holds stretches of equal values in a one-dimensional array, in its order. Arrays have one entry for each run."""

    starts: Indices
    lengths: Indices
    values: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Foreground:
    """Holds every labelled voxel of a 3D label map in runs.

    A run is as long as its class goes on within a row of the array. Two label maps of one shape are equal exactly when
    their runs are. Arrays have one entry for each run.
    """

    shape: tuple[int, int, int]
    """Is the shape of the label map in C order; runs lie along the last axis."""
    starts: Indices
    """Is the flat index of each run's first voxel, in ascending order."""
    lengths: Indices
    """Is the number of voxels of each run."""
    class_ids: Indices
    """Is the class of each run, which is never 0."""

    @property
    def ends(self) -> Indices:
        """Returns the flat index just behind each run's last voxel."""
        return self.starts + self.lengths

    def coordinates(self) -> tuple[Indices, Indices, Indices]:
        """Returns the index of every run's first voxel along each of the array's three axes."""
        rows, third = _divided(self.starts, self.shape[2])
        first, second = _divided(rows, self.shape[1])
        return first, second, third

    def select(self, runs: NDArray[np.bool_] | Indices) -> Foreground:
        """Returns some of the runs, chosen by a mask or by their places in ascending order."""
        return Foreground(self.shape, self.starts[runs], self.lengths[runs], self.class_ids[runs])

    def of_class(self, class_id: int) -> Foreground:
        """Returns the runs of one class."""
        return self.select(self.class_ids == class_id)

    def reoriented(self, axes: tuple[int, int, int], flipped: tuple[bool, bool, bool]) -> Foreground:
        """Returns the foreground of the label map after numpy's `transpose(axes)`, then flipped along the axes that
        `flipped` says.

        Runs may cross the new rows, so each voxel is placed on its own.
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
        """Returns the label map as an array; `dtype` must hold its class ids."""
        array = np.zeros(prod(self.shape), dtype)
        for start, end, class_id in zip(self.starts.tolist(), self.ends.tolist(), self.class_ids.tolist(), strict=True):
            array[start:end] = class_id
        return array.reshape(self.shape)


class ForegroundBuilder:
    """Builds the foreground of a label map that comes flat and in pieces."""

    def __init__(self, shape: tuple[int, int, int]):
        self._shape = shape
        self._voxels = 0
        empty = np.zeros(0, np.int64)
        self._pieces: list[tuple[Indices, Indices, Indices]] = [(empty, empty, empty)]

    def add(self, runs: Runs, voxels: int) -> None:
        """Adds the runs of the next piece, which has that many `voxels`. Values are whole numbers; 0 is background."""
        labelled = runs.values != 0
        if labelled.any():
            starts = runs.starts[labelled] + self._voxels
            self._pieces.append((starts, runs.lengths[labelled], runs.values[labelled].astype(np.int64)))
        self._voxels += voxels

    def finish(self) -> Foreground:
        """Returns the foreground of all pieces. Raises ValueError when they have another number of voxels than the
        shape."""
        if self._voxels != prod(self._shape):
            raise ValueError(f"expected {prod(self._shape)} voxels, got {self._voxels}")
        starts, lengths, class_ids = (np.concatenate(parts) for parts in zip(*self._pieces, strict=True))
        return _as_long_as_rows_allow(self._shape, starts, starts + lengths, class_ids)


def find_runs(values: NDArray[Any]) -> Runs:
    """Finds the runs of equal values other than 0 in a one-dimensional, contiguous array.

    NaNs of one bit pattern count as equal. Zeros are skipped eight bytes at a time, for most of a label map is 0.
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
    """Returns the foreground of a label map that is all background."""
    none = np.zeros(0, np.int64)
    return Foreground(shape, none, none, none)


def foreground_of(
    labels: Labels, class_ids: Collection[int] | None = None, *, block_voxels: int = BLOCK_VOXELS
) -> Foreground:
    """Returns the foreground of a 3D integer array; with `class_ids`, all other labels count as background.

    It is read in blocks of whole slices, of about `block_voxels`; the result does not depend on it.
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
    slices = max(1, block_voxels // max(1, prod(shape[1:])))
    for first in range(0, shape[0], slices):
        piece = np.ascontiguousarray(labels[first : first + slices]).ravel()
        runs = find_runs(piece)
        if class_ids is not None:
            wanted = np.isin(runs.values, list(class_ids))
            runs = Runs(runs.starts, runs.lengths, np.where(wanted, runs.values, 0))
        builder.add(runs, piece.size)
    return builder.finish()


def numbered(counts: Indices) -> Indices:
    """Counts from 0 anew for each of `counts`: 2 and 3 give 0, 1, 0, 1, 2."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _as_long_as_rows_allow(
    shape: tuple[int, int, int], starts: Indices, ends: Indices, class_ids: Indices
) -> Foreground:
    """Joins runs that were cut between pieces, and cuts runs that go over the end of a row."""
    cut = (starts[1:] == ends[:-1]) & (class_ids[1:] == class_ids[:-1])
    if cut.any():
        begins = np.concatenate(([True], ~cut))
        starts, ends, class_ids = starts[begins], ends[np.concatenate((~cut, [True]))], class_ids[begins]
    row_voxels = shape[2]
    first_rows, last_rows = _divided(starts, row_voxels)[0], _divided(ends - 1, row_voxels)[0]
    rows = last_rows - first_rows + 1
    if (rows > 1).any():
        # Repeats each run once for each row that it lies in.
        row_starts = (np.repeat(first_rows, rows) + numbered(rows)) * row_voxels
        starts = np.maximum(np.repeat(starts, rows), row_starts)
        ends = np.minimum(np.repeat(ends, rows), row_starts + row_voxels)
        class_ids = np.repeat(class_ids, rows)
    return Foreground(shape, starts, ends - starts, class_ids)


def _divided(indices: Indices, size: int) -> tuple[Indices, Indices]:
    """Returns quotient and remainder, twice as fast as divmod, which handles negative numbers too."""
    quotient = indices // max(1, size)
    return quotient, indices - quotient * size
