"""Resamples an image as nnU-Net does, axis after axis and plane by plane.

nnU-Net calls `skimage.transform.resize(order=3, mode="edge", anti_aliasing=False)`. scipy's `zoom` below it sums 64
products of a cubic spline for each voxel, with the whole volume in float64. The spline is separable: one matrix for
each axis does the same. Its entries are scipy's own, prefilter and padding included. They fall by a factor of 0.27 with
each voxel from the diagonal, so that a block of rows has few columns that are not 0.

Values differ from nnU-Net's by the rounding of float64 alone. In float32, in which nnU-Net stores them, nearly all are
equal; `tests/baselines/nnunet/test_image_resampling.py` bounds how many differ, and by how much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .interpolation import nearest_taps

Doubles = NDArray[np.float64]
_PADDING = 12
"""Voxels by which scipy's `zoom` repeats each edge before it filters."""
_NEGLIGIBLE = 1e-18
"""Entries below it are lost in the rounding of the largest, which are near 1."""
_IN_PLANE, _ALONG_Z = 64, 16
"""Output positions in a block. Along z a block's planes are held at once, hence fewer."""


def resample_image(
    plane: Callable[[int], NDArray[np.float32]],
    shape: Sequence[int],
    new_shape: Sequence[int],
    bounds: tuple[float, float],
    *,
    slices_apart: bool,
) -> NDArray[np.float32]:
    """The image (z, y, x) on another grid of the same extent, by cubic splines; as it is where the shapes are equal.

    `plane(z)` gives a plane (y, x) of the image, whose shape is `shape`. It is called at most once for each, with
    numbers that rise. `bounds` are the smallest and the largest value of the whole image: no value leaves them.

    `slices_apart` is what nnU-Net does with long voxels: each slice is resampled by itself, within its own bounds, and
    along z the nearest slice is taken.
    """
    resampled = np.empty(tuple(new_shape), np.float32)
    if tuple(shape) == tuple(new_shape):
        for z in range(shape[0]):
            resampled[z] = plane(z)
    elif slices_apart:
        _fill_apart(resampled, plane, shape)
    else:
        _fill(resampled, plane, shape, bounds)
    return resampled


def _fill(
    resampled: NDArray[np.float32],
    plane: Callable[[int], NDArray[np.float32]],
    shape: Sequence[int],
    bounds: tuple[float, float],
) -> None:
    size_z, size_y, size_x = resampled.shape
    of_y, of_x = _blocks(shape[1], size_y, _IN_PLANE), _blocks(shape[2], size_x, _IN_PLANE)
    held, first = np.empty((0, size_y, size_x)), 0
    for block in _blocks(shape[0], size_z, _ALONG_Z):
        needed = np.empty((block.inputs.stop - block.inputs.start, size_y, size_x))
        kept = held[block.inputs.start - first :]
        needed[: len(kept)] = kept
        for z in range(block.inputs.start + len(kept), block.inputs.stop):
            needed[z - block.inputs.start] = _in_plane(plane(z), of_y, of_x)
        held, first = needed, block.inputs.start
        values = (block.weights @ held.reshape(len(held), -1)).reshape(-1, size_y, size_x)
        resampled[block.outputs] = np.clip(values, *bounds, out=values)


def _fill_apart(
    resampled: NDArray[np.float32], plane: Callable[[int], NDArray[np.float32]], shape: Sequence[int]
) -> None:
    size_z, size_y, size_x = resampled.shape
    of_y, of_x = _blocks(shape[1], size_y, _IN_PLANE), _blocks(shape[2], size_x, _IN_PLANE)
    (sources,) = nearest_taps(shape[0], size_z).neighbours
    for z, source in enumerate(sources.tolist()):
        if z and source == sources[z - 1]:
            resampled[z] = resampled[z - 1]
            continue
        original = plane(source)
        resampled[z] = np.clip(_in_plane(original, of_y, of_x), original.min(), original.max())


@dataclass(frozen=True, eq=False)
class _Block:
    """Consecutive output positions along an axis, and the input positions that they depend on."""

    outputs: slice
    inputs: slice
    weights: Doubles
    """(outputs, inputs)."""


def _in_plane(plane: NDArray[np.float32], of_y: Sequence[_Block], of_x: Sequence[_Block]) -> Doubles:
    values = plane.astype(np.float64)
    along_x = np.concatenate([values[:, block.inputs] @ block.weights.T for block in of_x], axis=1)
    return np.concatenate([block.weights @ along_x[block.inputs] for block in of_y])


def _blocks(size: int, new_size: int, at_once: int) -> list[_Block]:
    weights = spline_weights(size, new_size)
    blocks = []
    for start in range(0, new_size, at_once):
        outputs = slice(start, min(start + at_once, new_size))
        (touched,) = np.nonzero((np.abs(weights[outputs]) > _NEGLIGIBLE).any(axis=0))
        inputs = slice(int(touched[0]), int(touched[-1]) + 1)
        blocks.append(_Block(outputs, inputs, np.ascontiguousarray(weights[outputs, inputs])))
    return blocks


def spline_weights(size: int, new_size: int) -> Doubles:
    """The matrix (new_size, size) that resamples one axis by cubic splines, as `scipy.ndimage.zoom` does with
    `grid_mode=True` and `mode="nearest"`; the identity where the sizes are equal."""
    from scipy.ndimage import spline_filter1d

    if size == new_size:
        return np.eye(size)
    padded = np.pad(np.eye(size), ((_PADDING, _PADDING), (0, 0)), mode="edge")
    coefficients = spline_filter1d(padded, 3, axis=0, output=np.float64, mode="nearest")
    centres = (np.arange(new_size) + 0.5) * (size / new_size) - 0.5 + _PADDING
    below = np.floor(centres)
    after = centres - below
    before = 1 - after
    # The four values of a cubic B-spline around a position.
    of_spline = (
        before**3 / 6,
        (after * after * (after - 2) * 3 + 4) / 6,
        (before * before * (before - 2) * 3 + 4) / 6,
        after**3 / 6,
    )
    first = below.astype(np.intp) - 1
    return sum(
        (value[:, None] * coefficients[first + at] for at, value in enumerate(of_spline)), np.zeros((new_size, size))
    )
