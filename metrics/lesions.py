"""Lists a case's lesions, one row each: where they are, how large, and whether the other side has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .components import Components
from .diameter import longest_axial_diameters_mm
from .foreground import Indices
from .overlap import OverlapTable

Side = Literal["reference", "prediction"]
LesionStatus = Literal["TP", "FP", "FN"]


@dataclass(frozen=True, slots=True)
class Lesion:
    """Is one connected component of one class on one side."""

    class_id: int
    side: Side
    lesion_id: int
    """Numbers the lesions within the class and the side, from 1, in the order of their first voxels in the array."""
    voxels: int
    volume_mm3: float
    diameter_mm: float
    """Is the longest diameter within an axial slice, between outer voxel edges."""
    centroid_mm: tuple[float, float, float]
    """Is measured from the centre of the array's first voxel, along the array's own axes and in their order."""
    matched_id: int | None
    """Is the `lesion_id` of the match on the other side; None without a match."""
    iou: float
    """Is the highest IoU with a lesion of the other side, which a matched lesion has with its match; 0 without any."""
    dsc: float
    """Is the DSC of the same pair."""
    status: LesionStatus
    """Is TP for a matched lesion, FP for a predicted and FN for a reference lesion without a match."""


@dataclass(frozen=True, eq=False)
class Lesions:
    """Holds lesions column by column, so that a hundred thousand specks need only a few arrays.

    Iterating yields a `Lesion` for each row. Fields mean what they mean there.
    """

    class_id: Indices
    is_prediction: NDArray[np.bool_]
    lesion_id: Indices
    voxels: Indices
    volume_mm3: NDArray[np.float64]
    diameter_mm: NDArray[np.float64]
    centroid_mm: NDArray[np.float64]
    """Has the shape (lesions, 3)."""
    matched_id: Indices
    """Is 0 without a match."""
    iou: NDArray[np.float64]
    dsc: NDArray[np.float64]

    @property
    def is_matched(self) -> NDArray[np.bool_]:
        """Returns for each lesion whether it has a match."""
        return self.matched_id > 0

    def is_large(self, from_mm: float) -> NDArray[np.bool_]:
        """Returns for each lesion whether its longest axial diameter is at least `from_mm`."""
        return self.diameter_mm >= from_mm

    def __len__(self) -> int:
        return self.class_id.size

    def __iter__(self) -> Iterator[Lesion]:
        columns = (getattr(self, column.name).tolist() for column in fields(self))
        for class_id, predicted, lesion_id, voxels, volume, diameter, centroid, match, iou, dsc in zip(
            *columns, strict=True
        ):
            missed: LesionStatus = "FP" if predicted else "FN"
            yield Lesion(
                class_id,
                "prediction" if predicted else "reference",
                lesion_id,
                voxels,
                volume,
                diameter,
                tuple(centroid),
                match or None,
                iou,
                dsc,
                "TP" if match else missed,
            )


def lesion_rows(
    reference: Components,
    prediction: Components,
    overlaps: OverlapTable,
    matches: Mapping[int, int],
    spacing_mm: Sequence[float],
    axial_axis: int,
) -> Lesions:
    """Returns the lesions of both sides, class by class in ascending order, the reference's first.

    `matches` maps reference components to predicted components; `spacing_mm` is in the order of the array's axes.
    """
    found = np.array(list(matches), np.int64)
    by = np.array(list(matches.values()), np.int64)
    sides = []
    for components, predicted, mine, theirs, own in (
        (reference, False, found, prediction.ids[by], overlaps.reference),
        (prediction, True, by, reference.ids[found], overlaps.prediction),
    ):
        matched_id = np.zeros(components.count, np.int64)
        matched_id[mine] = theirs
        # IoU and DSC order pairs alike, so both maxima belong to the same pair.
        iou, dsc = np.zeros(components.count), np.zeros(components.count)
        np.maximum.at(iou, own, overlaps.iou)
        np.maximum.at(dsc, own, overlaps.dsc)
        sides.append(
            Lesions(
                class_id=components.class_ids,
                is_prediction=np.full(components.count, predicted),
                lesion_id=components.ids,
                voxels=components.voxels,
                volume_mm3=components.voxels.astype(np.float64) * prod(spacing_mm),
                diameter_mm=longest_axial_diameters_mm(components, spacing_mm, axial_axis),
                centroid_mm=components.centroids() * np.asarray(spacing_mm, float),
                matched_id=matched_id,
                iou=iou,
                dsc=dsc,
            )
        )
    order = np.lexsort(
        (np.concatenate([side.is_prediction for side in sides]), np.concatenate([side.class_id for side in sides]))
    )
    return Lesions(
        *(np.concatenate([getattr(side, column.name) for side in sides])[order] for column in fields(Lesions))
    )
