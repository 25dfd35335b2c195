"""Cuts a foreground into boxes that no lesion crosses, and piles the boxes up into small dense arrays.

Labelling and surfaces need arrays, but only around the lesions. The foreground is cut where nothing is; the boxes of
what is left lie on top of each other with an empty plane between two, so that a thousand specks are one array and not a
thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cc3d
import numpy as np
from numpy.typing import NDArray

from .foreground import Foreground, Indices

# Bits of an index that lie within a brick, by axis: bricks of 4 x 8 x 16 voxels, long where the runs are.
_BRICK_BITS = (2, 3, 4)
# What is then still large and nearly empty, as specks all over a scan are, is cut again, into bricks of 2 x 4 x 4.
_SMALL_BRICK_BITS = (1, 2, 2)
_LARGE_VOXELS = 1 << 15
_SPARSE = 1 / 32
# A pile and its labels should stay in a core's cache, as far as its boxes let it.
_PILE_VOXELS = 1 << 21


@dataclass(frozen=True)
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
    """Each run of the foreground in exactly one pile, with all that it touches. Class ids must be below 256.

    An empty foreground gives no pile.
    """
    if not foreground.starts.size:
        return
    first, second, third = foreground.coordinates()
    spans = _Spans(np.arange(first.size), first, second, third, third + foreground.lengths - 1)
    boxes = _cut(spans, _BRICK_BITS)
    sides = boxes.highest - boxes.lowest + 1
    # Boxes of about one width and height go together, so that little of a pile is padding.
    likeness = np.ceil(np.log2(sides[:, 1:])).astype(np.int64) @ [64, 1]
    for kind in np.unique(likeness):
        alike = np.flatnonzero(likeness == kind)
        plane = sides[alike, 1:].max(axis=0)
        heights = sides[alike, 0] + 1
        number = (np.cumsum(heights) * plane.prod() - 1) // _PILE_VOXELS
        for piece in np.split(np.arange(alike.size), np.flatnonzero(np.diff(number)) + 1):
            yield _pile(foreground, boxes, alike[piece], plane)


@dataclass(frozen=True)
class _Spans:
    """Runs by their coordinates."""

    places: Indices
    first: Indices
    second: Indices
    third: Indices
    last: Indices
    """Along the third axis, that of the run's last voxel."""

    def at(self, which: Indices | NDArray[np.bool_]) -> _Spans:
        return _Spans(*(values[which] for values in vars(self).values()))


@dataclass(frozen=True)
class _Boxes:
    """A partition of spans; `lowest` and `highest`, shape (boxes, 3), are the corners."""

    spans: _Spans
    """Box by box."""
    counts: Indices
    """Spans in each box."""
    lowest: Indices
    highest: Indices


def _cut(spans: _Spans, brick_bits: tuple[int, int, int]) -> _Boxes:
    """Puts spans that could touch into one box.

    The bricks that hold any voxel are labelled: voxels that touch are in one brick or in two that touch, so what is in
    unconnected bricks is unconnected.
    """
    corner = spans.first.min(), spans.second.min(), spans.third.min()
    by_axis = (spans.first, spans.second, spans.third)
    first, second, third = ((axis - low) >> bits for axis, low, bits in zip(by_axis, corner, brick_bits, strict=True))
    last = (spans.last - corner[2]) >> brick_bits[2]
    shape = (int(first.max()) + 1, int(second.max()) + 1, int(last.max()) + 2)
    rows = (first * shape[1] + second) * shape[2]
    # Along a row of bricks, spans begun less spans ended is more than 0 where there are any.
    begun = np.zeros(shape, np.int16)
    np.add.at(begun.ravel(), rows + third, 1)
    np.subtract.at(begun.ravel(), rows + last + 1, 1)
    occupied = np.cumsum(begun.ravel(), dtype=np.int16).reshape(shape) > 0
    group = cc3d.connected_components(occupied.view(np.uint8), connectivity=26).ravel()[rows + third]

    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=0))
    spans = spans.at(order)
    counts = np.diff(starts, append=order.size)
    lowest = np.stack([np.minimum.reduceat(axis, starts) for axis in (spans.first, spans.second, spans.third)], axis=1)
    highest = np.stack([np.maximum.reduceat(axis, starts) for axis in (spans.first, spans.second, spans.last)], axis=1)
    boxes = _Boxes(spans, counts, lowest, highest)
    return boxes if brick_bits == _SMALL_BRICK_BITS else _cut_sparse(boxes, starts)


def _cut_sparse(boxes: _Boxes, starts: Indices) -> _Boxes:
    """Cuts the boxes that are large and nearly empty again, all of them together."""
    voxels = np.add.reduceat(boxes.spans.last - boxes.spans.third + 1, starts)
    room = (boxes.highest - boxes.lowest + 1).prod(axis=1)
    sparse = (room > _LARGE_VOXELS) & (voxels < _SPARSE * room)
    if not sparse.any():
        return boxes
    in_sparse = np.repeat(sparse, boxes.counts)
    dense = _Boxes(boxes.spans.at(~in_sparse), boxes.counts[~sparse], boxes.lowest[~sparse], boxes.highest[~sparse])
    return _joined(dense, _cut(boxes.spans.at(in_sparse), _SMALL_BRICK_BITS))


def _joined(one: _Boxes, other: _Boxes) -> _Boxes:
    def both(name: str, of: tuple[object, object] = (one, other)) -> Indices:
        return np.concatenate([getattr(part, name) for part in of])

    spans = _Spans(*(both(name, (one.spans, other.spans)) for name in vars(one.spans)))
    return _Boxes(spans, both("counts"), both("lowest"), both("highest"))


def _pile(foreground: Foreground, boxes: _Boxes, chosen: Indices, plane: Indices) -> Pile:
    heights = boxes.highest[chosen, 0] - boxes.lowest[chosen, 0] + 2
    floors = np.cumsum(heights) - heights
    counts = boxes.counts[chosen]
    before = np.cumsum(boxes.counts) - boxes.counts
    # The spans of the chosen boxes, one box after the other.
    which = np.arange(counts.sum()) + np.repeat(before[chosen] - (np.cumsum(counts) - counts), counts)
    shifts = boxes.lowest[chosen] * 1
    shifts[:, 0] -= floors
    first_shift, second_shift, third_shift = np.repeat(shifts, counts, axis=0).T
    spans = boxes.spans.at(which)
    starts = ((spans.first - first_shift) * plane[0] + spans.second - second_shift) * plane[1]
    starts += spans.third - third_shift
    shape = (int(heights.sum()), int(plane[0]), int(plane[1]))
    steps = np.zeros(shape[0] * shape[1] * shape[2] + 1, np.uint8)
    class_ids = foreground.class_ids[spans.places].astype(np.uint8)
    # No two runs have one start or one end; what is added at a start and taken off at an end sums up to the labels,
    # modulo 256 as bytes count.
    steps[starts] += class_ids
    steps[starts + spans.last - spans.third + 1] -= class_ids
    array = np.cumsum(steps, dtype=np.uint8, out=steps)[:-1].reshape(shape)
    return Pile(spans.places, array, starts, np.repeat(shifts, heights, axis=0))
