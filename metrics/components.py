"""Lesions of a mask: its connected components, with their sizes and centres.

Arrays may have their three axes in any order; what comes out is in the order of what came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cc3d
import numpy as np
from numpy.typing import NDArray

Connectivity = Literal[6, 18, 26]


@dataclass(frozen=True)
class Components:
    """The connected components of one mask."""

    labels: NDArray[np.unsignedinteger]
    """Shape of the mask: 0 outside, otherwise the component's id. Ids are 1, 2, ... in the order in which the
    components' first voxels come in C order, so that they do not depend on how the labelling was done."""
    voxels: NDArray[np.int64]
    """Size of each component; `voxels[i]` belongs to id `i + 1`. Empty when the mask is."""

    @property
    def count(self) -> int:
        return len(self.voxels)

    def centroids(self) -> NDArray[np.float64]:
        """Mean voxel index of each component, shape (count, 3), in the array's own axes."""
        if not self.count:
            return np.zeros((0, 3))
        where = np.nonzero(self.labels)
        ids = self.labels[where]
        sums = [np.bincount(ids, weights=axis, minlength=self.count + 1)[1:] for axis in where]
        return np.stack(sums, axis=1) / self.voxels[:, None]


def connected_components(mask: NDArray[np.bool_], connectivity: Connectivity = 26) -> Components:
    """Cuts a 3D mask into its connected components with cc3d.

    At 26 two voxels that touch by a face, an edge or a corner belong together. An empty mask, one of size 0
    included, gives no component.
    """
    if not mask.any():
        return Components(np.zeros(mask.shape, np.uint8), np.zeros(0, np.int64))
    # cc3d refuses buffers it may not write to, though it does not write to them. Of booleans, cc3d 4.1.1 makes too
    # little room for grids a voxel thick (it raises on 1 0 1 0 1), of the same bytes as integers it does not.
    voxel_bytes = np.require(mask, requirements=["C", "W"]).view(np.uint8)
    # It numbers components by their first voxel in memory order, which for a C array is the order promised above.
    labels, count = cc3d.connected_components(voxel_bytes, connectivity=connectivity, return_N=True)
    voxels = np.bincount(labels[mask], minlength=count + 1)[1:]
    return Components(labels, voxels.astype(np.int64))
