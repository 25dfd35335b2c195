"""Makes from logits the label map that nnU-Net would make, and resamples only what can win.

**What nnU-Net does.** It resamples the logits of every class to the image's grid, in float64 and with linear weights.
It rounds each value to the logits' own type. A voxel gets the class of the largest value, in a tie the lowest class.

**Why most voxels need none of it.** An output voxel is made of at most eight neighbours. Let class c be at most
background at each of them. Then c does not win:

1. A resampled value is the sum over the neighbours of ((v * wz) * wy) * wx, and no weight is negative.
2. Rounding is monotone: from a <= b follows round(a) <= round(b). So the floating-point product with a weight, the
   floating-point sum and the rounding to a shorter type keep an order: what is not larger before is not larger after.
3. Both classes have the same weights, and their terms are summed in the same order. Term by term, the value of c
   stays at most that of background. In a tie the lower class wins, which is background.

skimage then clips a value to the extremes of its class. That moves it by some last bits of a float64 at most, which
the rounding to the logits' type takes back: the extremes are themselves of that type.

So only pairs of a voxel and a class are evaluated in which the class is above background at one neighbour, by scipy's
own operations in scipy's order. Lesions are a small part of the body, and these pairs are few. It holds for linear
weights and for the nearest neighbour, not for cubic splines, whose weights may be negative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .interpolation import AxisTaps

Plane = NDArray[np.floating]
"""The logits of one plane, (class, y, x), float16 or float32."""
MOST_CLASSES = 65
"""Background and a class for each bit of the largest integer."""
_VOXELS_AT_ONCE = 1 << 16
_ORDER_BITS: Mapping[int, tuple[type[np.signedinteger[Any]], int]] = {2: (np.int16, 0x7FFF), 4: (np.int32, 0x7FFFFFFF)}


def sparse_labels(plane: Callable[[int], Plane], taps: Sequence[AxisTaps]) -> NDArray[np.uint8]:
    """The label map (z, y, x) on the grid that the taps of z, y and x lead to; 0 where no class is above background.

    `plane(z)` gives the logits of a plane, all finite. It is called once for each plane, with numbers that rise.
    """
    of_z, of_y, of_x = taps
    labels = np.zeros([len(axis.neighbours[0]) for axis in taps], np.uint8)
    window = _Window(plane)
    for z in range(len(labels)):
        sources = [int(neighbour[z]) for neighbour in of_z.neighbours]
        candidates = window.candidates(sources, of_y, of_x)
        if candidates is None:
            continue
        masks, y, x = candidates
        layers = [window.logits(source) for source in sources]
        depths = [None] * len(layers) if of_z.weights is None else [float(weight[z]) for weight in of_z.weights]
        for start in range(0, len(y), _VOXELS_AT_ONCE):
            part = slice(start, start + _VOXELS_AT_ONCE)
            sum_of = _WeightedSum(layers, depths, of_y, of_x, y[part], x[part])
            labels[z, y[part], x[part]] = _winners(sum_of, masks[part], len(layers[0]))
    return labels


def _winners(sum_of: _WeightedSum, masks: NDArray[np.unsignedinteger], classes: int) -> NDArray[np.uint8]:
    """The class of each of some voxels, of which only those that its mask names can be above background."""
    everywhere = np.arange(len(masks))
    best = sum_of(0, everywhere)
    labels = np.zeros(len(masks), np.uint8)
    one = masks.dtype.type(1)
    for label in range(1, classes):
        where = np.flatnonzero(masks & (one << masks.dtype.type(label - 1)))
        if not len(where):
            continue
        values = sum_of(label, where)
        better = values > best[where]
        chosen = where[better]
        labels[chosen] = label
        best[chosen] = values[better]
    return labels


class _WeightedSum:
    """Resamples single voxels of one output plane as `scipy.ndimage.zoom` does: the same products and sums in float64,
    the last axis fastest, rounded to the logits' type."""

    def __init__(
        self,
        layers: Sequence[Plane],
        depths: Sequence[float | None],
        of_y: AxisTaps,
        of_x: AxisTaps,
        y: NDArray[np.intp],
        x: NDArray[np.intp],
    ) -> None:
        width = layers[0].shape[2]
        rows = [neighbour[y] * width for neighbour in of_y.neighbours]
        columns = [neighbour[x] for neighbour in of_x.neighbours]
        self._layers, self._depths = layers, depths
        self._places = [[row + column for column in columns] for row in rows]
        self._of_y = [None] * len(rows) if of_y.weights is None else [weight[y] for weight in of_y.weights]
        self._of_x = [None] * len(columns) if of_x.weights is None else [weight[x] for weight in of_x.weights]

    def __call__(self, label: int, where: NDArray[np.intp]) -> NDArray[np.float32]:
        """The logits of a class at some of the voxels, given by their numbers."""
        total = np.zeros(len(where))
        of_y, of_x = ([None if of is None else of[where] for of in axis] for axis in (self._of_y, self._of_x))
        places = [[place[where] for place in row] for row in self._places]
        for layer, depth in zip(self._layers, self._depths, strict=True):
            values = layer[label].ravel()
            for row, weight_y in zip(places, of_y, strict=True):
                for place, weight_x in zip(row, of_x, strict=True):
                    term = values[place].astype(np.float64)
                    for weight in (depth, weight_y, weight_x):
                        if weight is not None:
                            term *= weight
                    total += term
        # Comparing halves is slow; as singles they keep their values.
        return total.astype(self._layers[0].dtype).astype(np.float32)


class _Window:
    """Holds the two planes of logits that an output plane can lie between, and which classes are above background."""

    def __init__(self, plane: Callable[[int], Plane]) -> None:
        self._plane = plane
        self._held: dict[int, tuple[Plane, NDArray[np.unsignedinteger] | None]] = {}

    def logits(self, source: int) -> Plane:
        return self._at(source)[0]

    def candidates(
        self, sources: Sequence[int], of_y: AxisTaps, of_x: AxisTaps
    ) -> tuple[NDArray[np.unsignedinteger], NDArray[np.intp], NDArray[np.intp]] | None:
        """The voxels (y, x) of an output plane at which a class can win, each with the mask of these classes: bit c - 1
        is class c. None where there are none."""
        above = [mask for source in dict.fromkeys(sources) if (mask := self._at(source)[1]) is not None]
        if not above:
            return None
        mask = above[0] if len(above) == 1 else above[0] | above[1]
        rows, columns = _span(np.asarray(mask.any(axis=1)), of_y), _span(np.asarray(mask.any(axis=0)), of_x)
        near = np.bitwise_or.reduce([mask[neighbour[rows]] for neighbour in of_y.neighbours])
        near = np.bitwise_or.reduce([near[:, neighbour[columns]] for neighbour in of_x.neighbours])
        y, x = np.nonzero(near)
        return near[y, x], y + rows.start, x + columns.start

    def _at(self, source: int) -> tuple[Plane, NDArray[np.unsignedinteger] | None]:
        if source not in self._held:
            for passed in [held for held in self._held if held < source - 1]:
                del self._held[passed]
            plane = self._plane(source)
            self._held[source] = plane, _above_background(plane)
        return self._held[source]


def _above_background(plane: Plane) -> NDArray[np.unsignedinteger] | None:
    """Bit c - 1 of (y, x) is set where class c is above background; None where no class is anywhere."""
    integer, magnitude = _ORDER_BITS[plane.dtype.itemsize]
    bits: NDArray[Any] = plane.view(integer)
    # Integers of the same order as the numbers, which compare faster than halves. -0 lies below 0: where they meet, a
    # voxel is evaluated that need not be.
    order = bits ^ (bits >> (8 * bits.itemsize - 1) & integer(magnitude))
    classes = len(plane) - 1
    kind = np.dtype(f"u{next(size for size in (1, 2, 4, 8) if 8 * size >= classes)}").type
    mask = np.zeros(plane.shape[1:], kind)
    for label in range(1, classes + 1):
        mask |= (order[label] > order[0]).astype(kind) << kind(label - 1)
    return mask if mask.any() else None


def _span(holds: NDArray[np.bool_], axis: AxisTaps) -> slice:
    """The output positions that have a neighbour where `holds` is true, from the first to the last. A coarse grid may
    have none."""
    (touched,) = np.nonzero(np.logical_or.reduce([holds[neighbour] for neighbour in axis.neighbours]))
    return slice(int(touched[0]), int(touched[-1]) + 1) if len(touched) else slice(0, 0)
