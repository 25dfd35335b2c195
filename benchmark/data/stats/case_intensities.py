"""Measures the HU of one case's lesions, and of what surrounds them.

The surroundings of a lesion are all voxels outside of every lesion whose centre lies within 5 mm of the centre of one
of its voxels: the organ that it lies in, and near the organ's border what comes after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.data.dataset import Case
from mswal_bench.benchmark.data.label_headers import gathered_label_header
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.volumes.geometry import disagreements
from mswal_bench.benchmark.volumes.gridded_labels import gathered_labels
from mswal_bench.benchmark.volumes.stored_volume import StoredVolume, read_voxels
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.metrics.components import connected_components

SURROUNDINGS_MM = 5.0
LOWEST_HU, HIGHEST_HU = -1100, 4000
"""Values beyond count as these: they are no tissue."""


@dataclass(frozen=True, slots=True)
class LesionIntensity:
    """What a lesion and its surroundings look like."""

    class_id: int
    lesion_id: int
    """Counts 1, 2, ... within the class, as `mswal-bench score` does."""
    median_hu: float
    surroundings_hu: float
    """Is the median of the surroundings; NaN where lesions leave none."""

    @property
    def contrast_hu(self) -> float:
        """Returns by how much the lesion is brighter than its surroundings."""
        return self.median_hu - self.surroundings_hu


@dataclass(frozen=True, eq=False)
class CaseIntensities:
    """Holds the intensities of a case's lesions."""

    case: str
    histograms: dict[int, NDArray[np.int64]]
    """Maps each class that the case has to how many of its voxels have `LOWEST_HU`, the next whole HU, and so on."""
    lesions: tuple[LesionIntensity, ...] = ()
    problems: tuple[Problem, ...] = ()


def measure_intensities(case: Case, protocol: Protocol) -> CaseIntensities:
    """Reads image and label map of a case. What is wrong with either is in the result; without a lesion it is empty."""
    problems: list[Problem] = []
    if case.label is None:
        return CaseIntensities(case.id, {})
    header = gathered_label_header(case.label, protocol, problems, [])
    labels = None if header is None else gathered_labels(header, max(protocol.class_ids), problems, [])
    if header is None or labels is None or not labels.starts.size:
        return CaseIntensities(case.id, {}, problems=tuple(problems))
    try:
        stored = read_header(case.image)
        problems += disagreements(stored.geometry, header.geometry, str(case.label))
        if problems:
            return CaseIntensities(case.id, {}, problems=tuple(problems))
        image = _read(stored)
    except BenchError as error:
        return CaseIntensities(case.id, {}, problems=(*problems, *error.problems))
    of_labels = labels.to_array()
    flat_image, flat_labels = image.ravel(), of_labels.ravel()
    labelled = np.flatnonzero(flat_labels)
    values, classes = flat_image[labelled], flat_labels[labelled]
    histograms = {
        class_id: np.bincount(values[classes == class_id] - LOWEST_HU, minlength=HIGHEST_HU - LOWEST_HU + 1)
        for class_id in np.unique(classes).tolist()
    }
    components = connected_components(labels, protocol.connectivity)
    spacing_mm = header.geometry.spacing_mm[::-1]
    margin = [ceil(SURROUNDINGS_MM / step) for step in spacing_mm]
    z, y, x = components.foreground.coordinates()
    starts, stops = np.stack([z, y, x]), np.stack([z, y, x + components.foreground.lengths - 1]) + 1
    lesions = []
    for number, (class_id, lesion_id) in enumerate(
        zip(components.class_ids.tolist(), components.ids.tolist(), strict=True)
    ):
        runs = components.of_run == number
        low = np.maximum(starts[:, runs].min(axis=1) - margin, 0)
        high = np.minimum(stops[:, runs].max(axis=1) + margin, image.shape)
        box = tuple(slice(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True))
        inside = np.zeros(high - low, bool)
        for start, length in zip(
            (starts[:, runs] - low[:, None]).T.tolist(), components.foreground.lengths[runs].tolist(), strict=True
        ):
            inside[start[0], start[1], start[2] : start[2] + length] = True
        around = _around(inside, spacing_mm) & (of_labels[box] == 0)
        surroundings = float(np.median(image[box][around])) if around.any() else float("nan")
        lesions.append(LesionIntensity(class_id, lesion_id, float(np.median(image[box][inside])), surroundings))
    return CaseIntensities(case.id, histograms, tuple(lesions))


def _around(inside: NDArray[np.bool_], spacing_mm: tuple[float, ...]) -> NDArray[np.bool_]:
    from scipy.ndimage import distance_transform_edt

    near: NDArray[np.bool_] = distance_transform_edt(~inside, spacing_mm) <= SURROUNDINGS_MM
    return near


def _read(stored: StoredVolume) -> NDArray[np.int16]:
    """The image (z, y, x) in whole HU."""
    image = np.empty(prod(stored.geometry.shape), np.int16)
    done = 0
    for block in read_voxels(stored):
        values = np.nan_to_num(stored.scaled(block), nan=LOWEST_HU)
        image[done : done + len(values)] = np.clip(np.rint(values), LOWEST_HU, HIGHEST_HU)
        done += len(values)
    return image.reshape(stored.geometry.shape[::-1])
