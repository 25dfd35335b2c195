"""Removes specks: predicted lesions far smaller than any that the network was trained on. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.metrics.components import Components, connected_components
from mswal_bench.metrics.foreground import Labels, foreground_of


def smallest_lesions_mm3(cases: Iterable[tuple[Labels, Sequence[float]]]) -> dict[int, float]:
    """The volume of each class's smallest lesion in label maps given with their spacing in mm.

    A lesion is a 26-connected component of one class. A class that no label map has is not in the result.
    """
    smallest: dict[int, float] = {}
    for labels, spacing_mm in cases:
        lesions = connected_components(foreground_of(labels))
        volumes = _volumes_mm3(lesions, spacing_mm)
        for class_id in np.unique(lesions.class_ids).tolist():
            volume = float(volumes[lesions.class_ids == class_id].min())
            smallest[class_id] = min(volume, smallest.get(class_id, volume))
    return smallest


def shares_of_smallest_mm3(share: float, cases: Iterable[tuple[Labels, Sequence[float]]]) -> dict[int, float]:
    """The volume of each class below which a component is a speck: `share` of that of the smallest lesion in `cases`.

    Empty where `share` is 0; `cases` are then not read.
    """
    if not share:
        return {}
    return {class_id: share * volume for class_id, volume in smallest_lesions_mm3(cases).items()}


def without_specks(labels: Labels, spacing_mm: Sequence[float], least_mm3: Mapping[int, float]) -> Labels:
    """The label map less the 26-connected components whose volume is below `least_mm3` of their class.

    A class that `least_mm3` does not name keeps all it has.
    """
    lesions = connected_components(foreground_of(labels))
    least = np.array([least_mm3.get(class_id, 0.0) for class_id in lesions.class_ids.tolist()])
    kept = _volumes_mm3(lesions, spacing_mm) >= least
    return lesions.foreground.select(kept[lesions.of_run]).to_array(labels.dtype)


def _volumes_mm3(lesions: Components, spacing_mm: Sequence[float]) -> NDArray[np.floating[Any]]:
    return lesions.voxels * float(prod(spacing_mm))
