"""Lists the lesions of a case as the protocol counts them, each with a voxel to look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mswal_bench.benchmark.figures.compared_case import ComparedCase, MethodOnCase
from mswal_bench.metrics.components import Components
from mswal_bench.metrics.foreground import Indices
from mswal_bench.metrics.lesions import Lesion

from .viewer_grid import voxel_indices


@dataclass(frozen=True)
class ListedLesion:
    """Is a row of the list: a lesion of one side, scored of one method."""

    number: int
    """Is the lesion's place among the lesions of its side, from 1."""
    lesion: Lesion
    centre_mm: tuple[float, float, float]
    """Is a voxel of the lesion, in LPS mm: the nearest to its centroid, which may lie outside of the lesion."""


def centre_voxels(components: Components, spacing_mm: tuple[float, float, float]) -> Indices:
    """Returns for each lesion its voxel that is nearest to its centroid in mm, shape (lesions, 3), order (x, y, z).

    The first voxel in the file counts of equals.
    """
    of_voxel = np.repeat(components.of_run, components.foreground.lengths)
    indices = voxel_indices(components.foreground)
    centroids = components.centroids()[:, ::-1]
    off_mm = (indices - centroids[of_voxel]) * np.array(spacing_mm)
    order = np.lexsort((np.square(off_mm).sum(axis=1).round(6), of_voxel))
    first = np.searchsorted(of_voxel[order], np.arange(components.count))
    return indices[order[first]]


def listed_lesions(
    compared: ComparedCase, method: MethodOnCase, reference_centres: Indices, predicted_centres: Indices
) -> list[ListedLesion]:
    """Returns a method's rows in the order of `lesions.csv`: by class, the reference's first.

    Centres are those of `centre_voxels`.
    """
    rows = []
    # The rows of a side are in the order of its components.
    numbers = {"reference": 0, "prediction": 0}
    centres = {"reference": reference_centres, "prediction": predicted_centres}
    for lesion in method.score.lesions:
        place = centres[lesion.side][numbers[lesion.side]]
        numbers[lesion.side] += 1
        x, y, z = (place * np.array(compared.geometry.spacing_mm)).tolist()
        rows.append(ListedLesion(numbers[lesion.side], lesion, compared.geometry.to_patient_mm((x, y, z))))
    return rows
