"""Finds the part of an image that nnU-Net keeps: the box of what is not 0, and in it what lies outside the body.

Arrays are (z, y, x). It needs neither torch nor nnU-Net.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

OUTSIDE = -1
"""nnU-Net's label of background voxels outside the body: zero and connected with the border."""


def nonzero_box(voxels: NDArray[Any]) -> list[list[int]]:
    """The first voxel that is not 0 and the one after the last, along each axis; all of an image of nothing but 0."""
    along_z = np.zeros(voxels.shape[0], bool)
    along_y, along_x = np.zeros(voxels.shape[1], bool), np.zeros(voxels.shape[2], bool)
    for z, plane in enumerate(voxels):
        # As float32, in which nnU-Net looks.
        found = plane.astype(np.float32) != 0
        along_z[z] = found.any()
        along_y |= found.any(axis=1)
        along_x |= found.any(axis=0)
    return ends_of(along_z, along_y, along_x)


def ends_of(*along: NDArray[np.bool_]) -> list[list[int]]:
    """The first place that is true and the one after the last, for each axis; everything where none is."""
    if not along[0].any():
        return [[0, len(axis)] for axis in along]
    ends = [np.flatnonzero(axis)[[0, -1]].tolist() for axis in along]
    return [[first, last + 1] for first, last in ends]


def mark_outside(labels: NDArray[np.int16], voxels: NDArray[Any]) -> None:
    """Gives -1 to background where the image is 0 and connected, by faces, with its border through nothing but 0.

    Both are (z, y, x), cropped to what is not 0 of the image. nnU-Net fills the holes of what is not 0, which is the
    same.
    """
    outside = zero_from_the_border(voxels == 0)
    if outside is not None:
        labels[outside & (labels == 0)] = OUTSIDE


def zero_from_the_border(zero: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Where `zero` is true and connected, by faces, with the array's border; None where that is nowhere."""
    faces = [zero[[0, -1]], zero[:, [0, -1]], zero[:, :, [0, -1]]]
    if not any(face.any() for face in faces):
        return None
    import cc3d

    parts = cc3d.connected_components(zero, connectivity=6)
    of_faces = parts[[0, -1]], parts[:, [0, -1]], parts[:, :, [0, -1]]
    at_border = np.unique(np.concatenate([face.ravel() for face in of_faces]))
    is_outside = np.zeros(int(parts.max()) + 1, bool)
    is_outside[at_border] = True
    is_outside[0] = False
    outside = np.empty(zero.shape, bool)
    for plane, of_parts in zip(outside, parts, strict=True):
        plane[:] = is_outside[of_parts]
    return outside
