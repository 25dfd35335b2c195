"""Measures one case: its grid, and each of its lesions."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.data.dataset import Case
from mswal_bench.benchmark.data.label_headers import gathered_label_header
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.volumes.geometry import Geometry, disagreements
from mswal_bench.benchmark.volumes.label_maps import read_labels
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.metrics.components import connected_components
from mswal_bench.metrics.diameter import longest_axial_diameters_mm
from mswal_bench.metrics.foreground import Foreground

Subset = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class MeasuredLesion:
    """Measures one lesion, a connected component of one class."""

    class_id: int
    lesion_id: int
    """Counts 1, 2, ... within the class, as `mswal-bench score` does."""
    voxels: int
    volume_mm3: float
    diameter_mm: float
    """Is the longest diameter in an axial slice, from outer edge to outer edge."""
    centroid_mm: tuple[float, float, float]
    """Is the position in the patient, LPS (x, y, z)."""


@dataclass(frozen=True)
class MeasuredCase:
    """Holds what the files of one case say."""

    case: str
    subset: Subset
    geometry: Geometry | None
    """Is the image's grid, or the label map's where the image's header cannot be read; None where neither can."""
    lesions: tuple[MeasuredLesion, ...] | None
    """Is None without a label map that can be read, and empty for a label map without a lesion."""
    has_label: bool
    """Says that there is a file for the label map, readable or not."""
    grids_differ: bool = False
    """Says that the label map does not lie on the image's grid."""
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    """Say what was done to the label map, and what other readers make of it."""

    def count(self, class_id: int) -> int:
        """Counts the lesions of a class; 0 where the label map is not known."""
        return sum(lesion.class_id == class_id for lesion in self.lesions or ())


def measure_case(case: Case, subset: Subset, protocol: Protocol) -> MeasuredCase:
    """Reads the image's header and the whole label map. What is wrong with either is in the result."""
    problems: list[Problem] = []
    notes: list[str] = []
    image = label = lesions = None
    try:
        image = read_header(case.image).geometry
    except BenchError as error:
        problems += error.problems
    if case.label is not None:
        try:
            stored = gathered_label_header(case.label, protocol, problems, notes)
            if stored is not None:
                label = stored.geometry
                # On the label map's own grid, as a reference is measured when predictions are scored.
                labels = read_labels(stored, max(protocol.class_ids), notes)
                lesions = measure_lesions(labels, label, protocol)
        except BenchError as error:
            problems += error.problems
    differ = image is not None and label is not None and bool(disagreements(image, label, ""))
    has_label = case.label is not None
    return MeasuredCase(case.id, subset, image or label, lesions, has_label, differ, tuple(problems), tuple(notes))


def measure_lesions(labels: Foreground, geometry: Geometry, protocol: Protocol) -> tuple[MeasuredLesion, ...]:
    """Returns the lesions of a label map, an array (z, y, x), class by class; none for an empty map."""
    components = connected_components(labels, protocol.connectivity)
    spacing_mm = geometry.spacing_mm[::-1]
    diameters = longest_axial_diameters_mm(components, spacing_mm, 2 - geometry.axial_axis)
    voxel_mm3 = prod(spacing_mm)
    return tuple(
        MeasuredLesion(class_id, lesion_id, voxels, voxels * voxel_mm3, diameter, geometry.to_patient_mm((x, y, z)))
        for class_id, lesion_id, voxels, diameter, (z, y, x) in zip(
            components.class_ids.tolist(),
            components.ids.tolist(),
            components.voxels.tolist(),
            diameters.tolist(),
            (components.centroids() * spacing_mm).tolist(),
            strict=True,
        )
    )
