"""Finds the lesions of a foreground: its connected components, class by class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cc3d
import numpy as np
from numpy.typing import NDArray

from .boxes import piles
from .foreground import Foreground, Indices

Connectivity = Literal[6, 18, 26]


@dataclass(frozen=True, eq=False)
class Components:
    """Holds the connected components of every class, ordered by class and then by their first voxel in C order.

    The order, and with it every id, does not depend on how the labelling was done.
    """

    foreground: Foreground
    of_run: Indices
    """Gives for each run of the foreground the place of its component in the order above, from 0."""
    class_ids: Indices
    """Gives the class of each component."""
    ids: Indices
    """Numbers the components within each class, from 1."""

    @property
    def count(self) -> int:
        """Returns the number of components."""
        return len(self.class_ids)

    @property
    def voxels(self) -> Indices:
        """Returns the number of voxels of each component."""
        # bincount sums in 64-bit floats, which are exact for whole numbers.
        return np.bincount(self.of_run, self.foreground.lengths, self.count).astype(np.int64)

    def centroids(self) -> NDArray[np.float64]:
        """Returns the mean voxel index of each component along the label map's axes, shape (count, 3)."""
        first, second, third = self.foreground.coordinates()
        lengths = self.foreground.lengths
        middles = (first, second, third + (lengths - 1) / 2)
        sums = [np.bincount(self.of_run, middle * lengths, self.count) for middle in middles]
        return np.stack(sums, axis=1) / self.voxels[:, None]


def connected_components(foreground: Foreground, connectivity: Connectivity = 26) -> Components:
    """Finds the connected components of every class with cc3d.

    With 26-connectivity, two voxels of a class belong together when they touch by a face, an edge or a corner. An empty
    foreground gives no component. Raises ValueError for class ids that are not within 1..255.

    >>> from .foreground import foreground_of
    >>> connected_components(foreground_of(np.array([[[1, 0, 1, 2]]]))).ids.tolist()
    [1, 2, 1]
    """
    of_run = np.empty(foreground.starts.size, np.int64)
    found = 0
    for pile in piles(foreground):
        labels, count = cc3d.connected_components(pile.array, connectivity=connectivity, return_N=True)
        of_run[pile.runs] = labels.ravel()[pile.starts].astype(np.int64) + (found - 1)
        found += count
    first_runs = np.empty(found, np.int64)
    # Backwards, so that the first run of a component is written last.
    first_runs[of_run[::-1]] = np.arange(of_run.size)[::-1]
    class_ids = foreground.class_ids[first_runs]
    order = np.lexsort((first_runs, class_ids))
    rank = np.empty(found, np.int64)
    rank[order] = np.arange(found)
    class_ids = class_ids[order]
    ids = np.arange(found) - np.searchsorted(class_ids, class_ids) + 1
    return Components(foreground, rank[of_run], class_ids, ids)
