"""Packs volumes for a page: a CT in 256 levels of grey, lesions by their numbers, and a NIfTI header for both.

Arrays are in the order (z, y, x). What is packed is deflated and written as base64, which a script can hold.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.volumes.nifti_fields import HEADER, HEADER_BYTES
from mswal_bench.benchmark.volumes.stored_volume import StoredVolume, read_voxels
from mswal_bench.metrics.components import Components
from mswal_bench.metrics.foreground import Indices

from .viewer_grid import ViewerGrid, axes_to_ras

# Steps are 3 HU where organs and lesions are, and 15 HU in lung and bone.
_KNOTS_HU, _KNOTS_LEVEL = (-1000.0, -160.0, 239.0, 1229.0), (0.0, 56.0, 189.0, 255.0)
LEVELS_HU: list[int] = np.rint(np.interp(np.arange(256), _KNOTS_LEVEL, _KNOTS_HU)).astype(int).tolist()
"""Gives the HU of each level."""
# Codes of NIfTI-1 for the type of voxels and for what an affine means.
_TYPES = {"u1": 2, "i2": 4}
_SCANNER, _MM = 1, 2


def read_levels(image: StoredVolume) -> NDArray[np.uint8]:
    """Reads a CT as levels and turns it as pages have it. NaN is air. Raises VolumeError for a damaged file."""
    x, y, z = image.geometry.shape
    flat = np.empty(x * y * z, np.uint8)
    table = None
    if image.dtype.kind in "iu" and image.dtype.itemsize <= 2:
        every = np.arange(1 << (8 * image.dtype.itemsize), dtype=np.uint32).astype(f"u{image.dtype.itemsize}")
        table = _levels(image.scaled(every.view(image.dtype.newbyteorder("="))))
    start = 0
    for block in read_voxels(image):
        native = block.astype(image.dtype.newbyteorder("="), copy=False)
        levels = table[native.view(f"u{native.dtype.itemsize}")] if table is not None else _levels(image.scaled(native))
        flat[start : start + block.size] = levels
        start += block.size
    axes = axes_to_ras(image.geometry)
    x_axis, y_axis, z_axis = (2 - axis for axis in axes.order)
    turned = flat.reshape(z, y, x).transpose(z_axis, y_axis, x_axis)
    return np.flip(turned, tuple(axis for axis, flipped in enumerate(axes.flipped[::-1]) if flipped))


def _levels(values: NDArray[Any]) -> NDArray[np.uint8]:
    hu = np.nan_to_num(np.asarray(values, np.float64), nan=_KNOTS_HU[0])
    return np.rint(np.interp(hu, _KNOTS_HU, _KNOTS_LEVEL)).astype(np.uint8)


def mean_levels(levels: NDArray[np.uint8], grid: ViewerGrid) -> NDArray[np.uint8]:
    """Returns the mean level of each block of the grid."""
    (x, y, z), (fx, fy, fz) = grid.shape, grid.factors
    x0, y0, z0 = grid.low
    x1, y1, z1 = grid.high
    box = levels[z0:z1, y0:y1, x0:x1]
    if grid.factors == (1, 1, 1):
        return np.ascontiguousarray(box)
    means = np.empty((z, y, x), np.uint8)
    rows, columns = np.arange(0, box.shape[1], fy), np.arange(0, box.shape[2], fx)
    counts = np.outer(np.diff(rows, append=box.shape[1]), np.diff(columns, append=box.shape[2]))
    # Slab by slab, so that floats of the whole volume are never held.
    for index in range(z):
        slab = box[index * fz : (index + 1) * fz]
        sums = np.add.reduceat(slab.sum(axis=0, dtype=np.uint32), rows, axis=0)
        means[index] = np.rint(np.add.reduceat(sums, columns, axis=1) / (counts * len(slab)))
    return means


def lesion_numbers(
    components: Components, indices: Indices, centres: Indices, grid: ViewerGrid
) -> NDArray[np.uint16 | np.uint32]:
    """Returns for each block the number of the lesion in its middle, from 1 in the order of `components`, or 0.

    `indices` are the lesions' voxels on `grid.turned`, run by run, `centres` a voxel of each lesion. A lesion keeps the
    block of its centre however small it is; of two centres in a block, the smaller lesion's counts.
    """
    x, y, z = grid.shape
    numbers = np.zeros((z, y, x), np.uint16 if components.count < 1 << 16 else np.uint32)
    middles = grid.are_middles(indices)
    of_voxel = np.repeat(components.of_run, components.foreground.lengths)[middles]
    blocks = grid.blocks(indices[middles])
    numbers[blocks[:, 2], blocks[:, 1], blocks[:, 0]] = of_voxel + 1
    largest_first = np.argsort(-components.voxels, kind="stable")
    blocks = grid.blocks(centres[largest_first])
    # Of one place that is written to several times, the last counts.
    numbers[blocks[:, 2], blocks[:, 1], blocks[:, 0]] = largest_first + 1
    return numbers


def packed(array: NDArray[Any]) -> str:
    """Returns an array's bytes, little-endian, deflated and as base64."""
    content = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return base64.b64encode(zlib.compress(content, 9)).decode()


def nifti_header(grid: ViewerGrid, kind: str) -> str:
    """Returns the bytes that stand before the voxels in a NIfTI-1 file, as base64; `kind` is `u1` or `i2`."""
    fields = np.zeros((), HEADER.newbyteorder("<"))
    fields["sizeof_hdr"] = HEADER_BYTES
    fields["dim"] = (3, *grid.shape, 1, 1, 1, 1)
    fields["datatype"] = _TYPES[kind]
    fields["pixdim"] = (1, *grid.spacing_mm, 0, 0, 0, 0)
    fields["vox_offset"] = HEADER_BYTES + 4
    fields["scl_slope"] = 1
    fields["xyzt_units"] = _MM
    fields["sform_code"] = _SCANNER
    fields["srow"] = grid.affine[:3]
    fields["magic"] = b"n+1"
    header = bytearray(fields.tobytes())
    # The bits of a voxel, of which readers make their buffers.
    header[72:74] = (8 * int(kind[1])).to_bytes(2, "little")
    return base64.b64encode(bytes(header) + bytes(4)).decode()
