"""Cuts a foreground into boxes that no lesion crosses, and piles the boxes up into small dense arrays.

Labelling and surfaces need dense arrays, but only around the lesions. The foreground is cut through empty space. The
boxes are piled up with an empty plane between each two, so that a thousand specks need one array and not a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import cc3d
import numpy as np
from numpy.typing import NDArray

from .foreground import HIGHEST_CLASS_ID, Foreground, Indices, numbered

# These numbers were found by trial on the pairs of `make bench`; results do not depend on them.
# How many low bits of an index, by axis, lie within a brick: bricks have 4 x 8 x 16 voxels, longest along the runs.
_BRICK_BITS = (2, 3, 4)
_SMALL_BRICK_BITS = (1, 2, 2)


@dataclass(frozen=True)
class BoxSizes:
    """Says when a box is cut again, and how many boxes go on one pile."""

    large_voxels: int = 1 << 15
    """A larger box that is nearly empty, as around specks all over a scan, is cut again into bricks of 2 x 4 x 4."""
    sparse: float = 1 / 32
    """A box with a smaller share of labelled voxels is nearly empty."""
    pile_voxels: int = 1 << 21
    """A pile of this size and its labels still fit into a core's cache; a larger box is a pile of its own."""


@dataclass(frozen=True, eq=False)
class Pile:
    """Holds boxes of a foreground on top of each other along the first axis."""

    runs: Indices
    """Are the places in the foreground of the runs that this pile holds."""
    array: NDArray[np.uint8]
    """Has the class ids of the runs' voxels, and 0 elsewhere. An empty plane lies between two boxes."""
    starts: Indices
    """Are the flat indices in `array` of the first voxel of each of `runs`."""
    shifts: Indices
    """Has the shape (planes of `array`, 3): what to add to an index in that plane to get the one in the label map."""


def piles(foreground: Foreground, sizes: BoxSizes = BoxSizes()) -> Iterator[Pile]:
    """Yields piles that together hold each run once; runs that touch are in the same box.

    An empty foreground gives no pile. Raises ValueError for class ids that are not within 1..255.
    """
    if not foreground.starts.size:
        return
    if not 1 <= foreground.class_ids.min() <= foreground.class_ids.max() <= HIGHEST_CLASS_ID:
        raise ValueError(f"expected class ids from 1 to {HIGHEST_CLASS_ID}, got {np.unique(foreground.class_ids)}")
    boxes = _cut(_spans_of(foreground), _BRICK_BITS)
    again = (boxes.room > sizes.large_voxels) & (boxes.voxels < sizes.sparse * boxes.room)
    if again.any():
        of_again = np.repeat(again, boxes.counts)
        boxes = _joined(boxes.without(again), _cut(boxes.spans.at(of_again), _SMALL_BRICK_BITS))
    sides = boxes.highest - boxes.lowest + 1
    # Boxes of similar width and height go together, so that little of a pile is padding.
    likeness = np.ceil(np.log2(sides[:, 1:])).astype(np.int64) @ [64, 1]
    for kind in np.unique(likeness):
        alike = np.flatnonzero(likeness == kind)
        plane = sides[alike, 1:].max(axis=0)
        number = (np.cumsum(sides[alike, 0] + 1) * plane.prod() - 1) // sizes.pile_voxels
        for chosen in np.split(alike, np.flatnonzero(np.diff(number)) + 1):
            yield _pile(foreground, boxes, chosen, plane)


@dataclass(frozen=True, eq=False)
class _Spans:
    """Gives runs by their coordinates, with one entry for each run."""

    places: Indices
    """Are the runs' places in the foreground."""
    first: Indices
    second: Indices
    third: Indices
    """Is the index of the run's first voxel along the third axis."""
    last: Indices
    """Is the index of the run's last voxel along the third axis."""

    def at(self, which: Indices | NDArray[np.bool_]) -> _Spans:
        return _Spans(self.places[which], self.first[which], self.second[which], self.third[which], self.last[which])


def _spans_of(foreground: Foreground) -> _Spans:
    first, second, third = foreground.coordinates()
    return _Spans(np.arange(first.size), first, second, third, third + foreground.lengths - 1)


@dataclass(frozen=True, eq=False)
class _Boxes:
    """Groups spans into boxes; voxels of two different boxes never touch. Arrays have one entry for each box."""

    spans: _Spans
    """Are ordered box by box, and within a box as in the foreground."""
    counts: Indices
    """Counts the spans in the box."""
    voxels: Indices
    """Counts the labelled voxels in the box."""
    lowest: Indices
    """Has the shape (boxes, 3): the lowest index along each axis."""
    highest: Indices
    """Has the shape (boxes, 3): the highest index along each axis, inclusive."""

    @property
    def room(self) -> Indices:
        """Returns how many voxels the box has, labelled or not."""
        return np.asarray((self.highest - self.lowest + 1).prod(axis=1))

    def without(self, some: NDArray[np.bool_]) -> _Boxes:
        others = ~some
        spans = self.spans.at(np.repeat(others, self.counts))
        return _Boxes(spans, self.counts[others], self.voxels[others], self.lowest[others], self.highest[others])


def _joined(one: _Boxes, other: _Boxes) -> _Boxes:
    pairs = zip(vars(one.spans).values(), vars(other.spans).values(), strict=True)
    return _Boxes(
        _Spans(*(np.concatenate(pair) for pair in pairs)),
        np.concatenate([one.counts, other.counts]),
        np.concatenate([one.voxels, other.voxels]),
        np.concatenate([one.lowest, other.lowest]),
        np.concatenate([one.highest, other.highest]),
    )


def _cut(spans: _Spans, brick_bits: tuple[int, int, int]) -> _Boxes:
    """Puts spans that could touch into one box.

    The grid is divided into bricks, and the bricks that hold any voxel are labelled as connected components. Voxels
    that touch lie in one brick or in two that touch, so voxels of unconnected bricks cannot touch.
    """
    starting = spans.first, spans.second, spans.third
    corner = [int(axis.min()) for axis in starting]
    first, second, third = ((axis - low) >> bits for axis, low, bits in zip(starting, corner, brick_bits, strict=True))
    last = (spans.last - corner[2]) >> brick_bits[2]
    shape = (int(first.max()) + 1, int(second.max()) + 1, int(last.max()) + 2)
    rows = (first * shape[1] + second) * shape[2]
    # Along a row of bricks, a brick holds voxels where more spans have begun than ended.
    begun = np.zeros(prod(shape), np.int16)
    # numpy is thirty times slower with a plain 1.
    np.add.at(begun, rows + third, np.int16(1))
    np.subtract.at(begun, rows + last + 1, np.int16(1))
    occupied = np.cumsum(begun, dtype=np.int16).reshape(shape) > 0
    group = cc3d.connected_components(occupied.view(np.uint8), connectivity=26).ravel()[rows + third]
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=0))
    spans = spans.at(order)
    starting, ending = (spans.first, spans.second, spans.third), (spans.first, spans.second, spans.last)
    return _Boxes(
        spans=spans,
        counts=np.diff(starts, append=order.size),
        voxels=np.add.reduceat(spans.last - spans.third + 1, starts),
        lowest=np.stack([np.minimum.reduceat(axis, starts) for axis in starting], axis=1),
        highest=np.stack([np.maximum.reduceat(axis, starts) for axis in ending], axis=1),
    )


def _pile(foreground: Foreground, boxes: _Boxes, chosen: Indices, plane: Indices) -> Pile:
    """Piles the chosen boxes up; every plane of the pile has the rows and columns that `plane` gives."""
    heights = boxes.highest[chosen, 0] - boxes.lowest[chosen, 0] + 2
    counts = boxes.counts[chosen]
    before = np.cumsum(boxes.counts) - boxes.counts
    # The spans of the chosen boxes, one box after the other.
    spans = boxes.spans.at(np.repeat(before[chosen], counts) + numbered(counts))
    shifts = boxes.lowest[chosen].copy()
    shifts[:, 0] -= np.cumsum(heights) - heights
    first_shift, second_shift, third_shift = np.repeat(shifts, counts, axis=0).T
    starts = ((spans.first - first_shift) * plane[0] + spans.second - second_shift) * plane[1]
    starts += spans.third - third_shift
    shape = (int(heights.sum()), int(plane[0]), int(plane[1]))
    array = _filled(prod(shape), starts, spans.last - spans.third + 1, foreground.class_ids[spans.places])
    return Pile(spans.places, array.reshape(shape), starts, np.repeat(shifts, heights, axis=0))


def _filled(size: int, starts: Indices, lengths: Indices, class_ids: Indices) -> NDArray[np.uint8]:
    """Returns a flat array that is 0 outside of the runs, which must be in ascending order."""
    stretches = np.zeros(2 * starts.size + 1, np.int64)
    values = np.zeros(stretches.size, np.uint8)
    stretches[1::2], values[1::2] = lengths, class_ids
    stretches[0::2] = np.append(starts, size) - np.concatenate([[0], starts + lengths])
    return np.repeat(values, stretches)
