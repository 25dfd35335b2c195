"""Resamples the label map of a training case as nnU-Net does, and evaluates only the voxels between labels.

nnU-Net resamples the indicator of every label on its own, with linear weights. The label with the largest value wins; a
tie goes to the label of the nearest voxel if that is among the tied, else to the lowest. A voxel whose neighbours all
have one label gets that label: its weights sum to about 1, those of all others to 0. Only where labels meet are the
sums needed. They are made by scipy's operations in scipy's order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .interpolation import AxisTaps, Indices, nearest_taps

LabelPlane = NDArray[np.int16]


def resample_labels(
    plane: Callable[[int], LabelPlane], shape: Sequence[int], taps: Sequence[AxisTaps]
) -> NDArray[np.int16]:
    """The label map (z, y, x) on the grid that the taps of z, y and x lead to.

    `plane(z)` gives a plane (y, x) of the labels, whose shape is `shape`. It is called at most once for each, with
    numbers that rise. Labels may be negative.
    """
    return resample_by(plane, taps, nearest_of(shape, taps))


def nearest_of(shape: Sequence[int], taps: Sequence[AxisTaps]) -> list[Indices]:
    """Along each axis, the voxel that is nearest to each output position."""
    return [
        axis.neighbours[0] if axis.weights is None else nearest_taps(size, len(axis.neighbours[0])).neighbours[0]
        for axis, size in zip(taps, shape, strict=True)
    ]


def resample_by(
    plane: Callable[[int], LabelPlane],
    taps: Sequence[AxisTaps],
    nearest: Sequence[Indices],
    logits_type: DTypeLike | None = None,
) -> NDArray[np.int16]:
    """As `resample_labels`, where the nearest voxels are known.

    With `logits_type` the labels, none negative, are exported as a network's certain logits are: those of a voxel's
    label are 1, all others 0. The sums are rounded to that type, and in a tie the lowest label wins.
    """
    resampled = np.empty([len(axis.neighbours[0]) for axis in taps], np.int16)
    of_z, of_y, of_x = taps
    held: dict[int, LabelPlane] = {}
    for z in range(len(resampled)):
        sources = [int(neighbour[z]) for neighbour in of_z.neighbours]
        for source in sources:
            if source not in held:
                held = {kept: held[kept] for kept in held if kept >= source - 1}
                held[source] = plane(source)
        layers = [held[source] for source in sources]
        lowest, highest = (_reduced(extreme, layers, of_y, of_x) for extreme in (np.minimum, np.maximum))
        y, x = np.nonzero(lowest != highest)
        resampled[z] = lowest
        if len(y):
            depths = [1.0] * len(layers) if of_z.weights is None else [float(weight[z]) for weight in of_z.weights]
            votes = _votes(layers, depths, of_y, of_x, y, x)
            if logits_type is None:
                of_nearest = held[int(nearest[0][z])][nearest[1][y], nearest[2][x]]
                resampled[z, y, x] = _nearest_winners(*votes, of_nearest)
            else:
                resampled[z, y, x] = _lowest_winners(*votes, logits_type)
    return resampled


def _reduced(extreme: np.ufunc, layers: Sequence[LabelPlane], of_y: AxisTaps, of_x: AxisTaps) -> LabelPlane:
    """The smallest, or the largest, of the labels that each output voxel is made of."""
    values = extreme.reduce(layers)
    values = extreme.reduce([values[neighbour] for neighbour in of_y.neighbours])
    reduced: LabelPlane = extreme.reduce([values[:, neighbour] for neighbour in of_x.neighbours])
    return reduced


def _votes(
    layers: Sequence[LabelPlane],
    depths: Sequence[float],
    of_y: AxisTaps,
    of_x: AxisTaps,
    y: NDArray[np.intp],
    x: NDArray[np.intp],
) -> tuple[list[LabelPlane], list[NDArray[np.float64]]]:
    """By neighbour, the labels of some voxels of an output plane and their weights, in scipy's order."""
    labels, weights = [], []
    for layer, depth in zip(layers, depths, strict=True):
        for row, row_neighbour in enumerate(of_y.neighbours):
            for column, column_neighbour in enumerate(of_x.neighbours):
                weight = np.full(len(y), depth)
                if of_y.weights is not None:
                    weight *= of_y.weights[row][y]
                if of_x.weights is not None:
                    weight *= of_x.weights[column][x]
                labels.append(layer[row_neighbour[y], column_neighbour[x]])
                weights.append(weight)
    return labels, weights


def _scores(
    labels: Sequence[LabelPlane], weights: Sequence[NDArray[np.float64]]
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Each label with the sum of its weights, lowest label first."""
    for label in np.unique(labels).tolist():
        score = np.zeros(len(weights[0]))
        for found, weight in zip(labels, weights, strict=True):
            score += np.where(found == label, weight, 0.0)
        yield label, score


def _nearest_winners(
    labels: Sequence[LabelPlane], weights: Sequence[NDArray[np.float64]], of_nearest: LabelPlane
) -> LabelPlane:
    """The labels of the largest scores; `of_nearest` is the label of the nearest voxel."""
    winner = np.zeros(len(of_nearest), np.int16)
    best = np.zeros(len(of_nearest))
    nearest_leads = np.zeros(len(of_nearest), bool)
    for label, score in _scores(labels, weights):
        better, level = score > best, (score == best) & (score > 0)
        is_nearest = of_nearest == label
        nearest_leads = np.where(better, is_nearest, nearest_leads | (level & is_nearest))
        winner[better] = label
        best[better] = score[better]
    return np.where(nearest_leads, of_nearest, winner)


def _lowest_winners(
    labels: Sequence[LabelPlane], weights: Sequence[NDArray[np.float64]], logits_type: DTypeLike
) -> LabelPlane:
    winner = np.zeros(len(weights[0]), np.int16)
    # Comparing halves is slow; as doubles they keep their values.
    best = np.zeros(len(weights[0]))
    for label, score in _scores(labels, weights):
        rounded = score.astype(logits_type).astype(np.float64)
        better = rounded > best
        winner[better] = label
        best[better] = rounded[better]
    return winner
