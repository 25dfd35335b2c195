"""Finds and measures the lesions in predicted label maps, for which no reference is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring.cases_csv import write_csv
from mswal_bench.benchmark.volumes.geometry import Geometry
from mswal_bench.benchmark.volumes.label_maps import read_labels
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.metrics.components import Components, connected_components
from mswal_bench.metrics.diameter import longest_axial_diameters_mm

COLUMNS: Final = (
    "case", "class", "lesion", "voxels", "volume_mm3", "diameter_mm", "centroid_x_mm", "centroid_y_mm", "centroid_z_mm",
)  # fmt: skip
"""Of the table of lesions, named as in the `lesions.csv` of `score --out`."""


@dataclass(frozen=True, eq=False)
class PredictedLesions:
    """The lesions of one label map, by class and then in the order of their first voxels: connected components of a
    class, as the protocol has them. Arrays have an entry for each lesion, none for a label map without any."""

    case: str
    class_ids: NDArray[np.int64]
    numbers: NDArray[np.int64]
    """From 1 on, within the class."""
    voxels: NDArray[np.int64]
    volume_mm3: NDArray[np.float64]
    diameter_mm: NDArray[np.float64]
    """The longest within an axial slice, between outer voxel edges."""
    centroid_mm: NDArray[np.float64]
    """Shape (lesions, 3): x, y, z in the patient, LPS, as SimpleITK and ITK-SNAP show them."""

    def rows(self, keys: Mapping[int, str]) -> Iterator[tuple[str, str, int, int, float, float, float, float, float]]:
        """Yields a row of `COLUMNS` for each lesion; `keys` are those of the classes by id."""
        columns = (self.class_ids, self.numbers, self.voxels, self.volume_mm3, self.diameter_mm, self.centroid_mm)
        for class_id, number, voxels, volume, diameter, (x, y, z) in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            yield self.case, keys[class_id], number, voxels, volume, diameter, x, y, z


def lesions_of(case: str, label_map: Path, class_ids: Sequence[int]) -> PredictedLesions:
    """Measures the lesions of the label map in a file. Raises BenchError for a file that is none of these classes."""
    return measured(case, *found_lesions(label_map, class_ids))


def found_lesions(label_map: Path, class_ids: Sequence[int]) -> tuple[Geometry, Components]:
    """The grid of the label map in a file, and the lesions in it. Raises BenchError as `lesions_of` does."""
    stored = read_header(label_map)
    return stored.geometry, connected_components(read_labels(stored, max(class_ids)), MSWAL_1.connectivity)


def measured(case: str, geometry: Geometry, components: Components) -> PredictedLesions:
    """Measures lesions, in the order of the components, which lie on the grid."""
    # Arrays are (z, y, x), the grid's axes are x, y, z.
    spacing_mm = geometry.spacing_mm[::-1]
    offsets_mm = (components.centroids() * np.asarray(spacing_mm))[:, ::-1]
    return PredictedLesions(
        case,
        components.class_ids,
        components.ids,
        components.voxels,
        components.voxels.astype(np.float64) * prod(spacing_mm),
        longest_axial_diameters_mm(components, spacing_mm, 2 - geometry.axial_axis),
        np.array([geometry.to_patient_mm((x, y, z)) for x, y, z in offsets_mm.tolist()]).reshape(-1, 3),
    )


def write_lesions(path: Path, lesions: Iterable[PredictedLesions], keys: Mapping[int, str]) -> None:
    """Writes a row for every lesion, whole or not at all. Raises OSError."""
    rows = (row for of_case in lesions for row in of_case.rows(keys))
    write_csv(path, COLUMNS, ((*row[:4], *(f"{number:.3f}" for number in row[4:])) for row in rows))
