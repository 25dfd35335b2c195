"""Cuts a foreground into boxes that no lesion crosses, and piles the boxes up into small dense arrays.

Labelling and surfaces need arrays, but only around the lesions. The foreground is cut where nothing is; the boxes of
what is left lie on top of each other with an empty plane between two, so that a thousand specks are one array and not a
thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import cc3d
import numpy as np
from numpy.typing import NDArray

from .foreground import HIGHEST_CLASS_ID, Foreground, Indices, numbered

# The numbers here are by trial on the pairs of `make bench`; results do not depend on them.
# Bits of an index that lie within a brick, by axis: bricks of 4 x 8 x 16 voxels, long where the runs are.
_BRICK_BITS = (2, 3, 4)
# What is then still large and nearly empty, as specks all over a scan are, is cut again, into bricks of 2 x 4 x 4.
_SMALL_BRICK_BITS = (1, 2, 2)
_LARGE_VOXELS = 1 << 15
_SPARSE = 1 / 32
# A pile and its labels should stay in a core's cache, as far as its boxes let it.
_PILE_VOXELS = 1 << 21


@dataclass(frozen=True, eq=False)
class Pile:
    """Boxes of a foreground on top of each other, along the first axis."""

    runs: Indices
    """Places in the foreground of the runs that are in it."""
    array: NDArray[np.uint8]
    """The class ids of their voxels, 0 elsewhere. Between two boxes lies an empty plane."""
    starts: Indices
    """Flat index in `array` of the first voxel of each of `runs`."""
    shifts: Indices
    """Shape (planes of `array`, 3): added to an index in `array`, gives that in the foreground's label map."""


def piles(foreground: Foreground) -> Iterator[Pile]:
    """Each run of the foreground in exactly one pile, with all that it touches. An empty foreground gives no pile.

    Raises ValueError for class ids that are not within 1..255.
    """
    if not foreground.starts.size:
        return
    if not 1 <= foreground.class_ids.min() <= foreground.class_ids.max() <= HIGHEST_CLASS_ID:
        raise ValueError(f"expected class ids from 1 to {HIGHEST_CLASS_ID}, got {np.unique(foreground.class_ids)}")
    boxes = _cut(_spans_of(foreground), _BRICK_BITS)
    again = (boxes.room > _LARGE_VOXELS) & (boxes.voxels < _SPARSE * boxes.room)
    if again.any():
        of_again = np.repeat(again, boxes.counts)
        boxes = _joined(boxes.without(again), _cut(boxes.spans.at(of_again), _SMALL_BRICK_BITS))
    sides = boxes.highest - boxes.lowest + 1
    # Boxes of about one width and height go together, so that little of a pile is padding.
    likeness = np.ceil(np.log2(sides[:, 1:])).astype(np.int64) @ [64, 1]
    for kind in np.unique(likeness):
        alike = np.flatnonzero(likeness == kind)
        plane = sides[alike, 1:].max(axis=0)
        number = (np.cumsum(sides[alike, 0] + 1) * plane.prod() - 1) // _PILE_VOXELS
        for chosen in np.split(alike, np.flatnonzero(np.diff(number)) + 1):
            yield _pile(foreground, boxes, chosen, plane)


@dataclass(frozen=True, eq=False)
class _Spans:
    """Runs by their coordinates."""

    places: Indices
    """In the foreground."""
    first: Indices
    second: Indices
    third: Indices
    """Along the third axis, of the run's first voxel."""
    last: Indices
    """Along the third axis, of the run's last voxel."""

    def at(self, which: Indices | NDArray[np.bool_]) -> _Spans:
        return _Spans(self.places[which], self.first[which], self.second[which], self.third[which], self.last[which])


def _spans_of(foreground: Foreground) -> _Spans:
    first, second, third = foreground.coordinates()
    return _Spans(np.arange(first.size), first, second, third, third + foreground.lengths - 1)


@dataclass(frozen=True, eq=False)
class _Boxes:
    """Spans in boxes, of which no two have voxels that touch. One entry a box."""

    spans: _Spans
    """Box by box, within a box in the foreground's order."""
    counts: Indices
    """Spans in the box."""
    voxels: Indices
    """Labelled voxels in it."""
    lowest: Indices
    """Shape (boxes, 3): the corner with the lowest index along every axis."""
    highest: Indices
    """Shape (boxes, 3): that with the highest, inclusive."""

    @property
    def room(self) -> Indices:
        """Voxels of the box, labelled or not."""
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

    The bricks that hold any voxel are labelled: voxels that touch are in one brick or in two that touch, so what is in
    unconnected bricks is unconnected.
    """
    starting = spans.first, spans.second, spans.third
    corner = [int(axis.min()) for axis in starting]
    first, second, third = ((axis - low) >> bits for axis, low, bits in zip(starting, corner, brick_bits, strict=True))
    last = (spans.last - corner[2]) >> brick_bits[2]
    shape = (int(first.max()) + 1, int(second.max()) + 1, int(last.max()) + 2)
    rows = (first * shape[1] + second) * shape[2]
    # Along a row of bricks, spans begun less spans ended is more than 0 where there are any.
    begun = np.zeros(prod(shape), np.int16)
    # With a plain 1 numpy takes a path thirty times slower.
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
    """Piles the chosen boxes up, each on as many rows and columns as `plane` says."""
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
    """A flat array of 0 but for the runs, which are in ascending order: gap, run, gap, ..., gap."""
    stretches = np.zeros(2 * starts.size + 1, np.int64)
    values = np.zeros(stretches.size, np.uint8)
    stretches[1::2], values[1::2] = lengths, class_ids
    stretches[0::2] = np.append(starts, size) - np.concatenate([[0], starts + lengths])
    return np.repeat(values, stretches)
