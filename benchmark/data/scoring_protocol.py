"""Defines the protocol, which makes two scores comparable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from mswal_bench.metrics.components import Connectivity

from .dataset import Dataset
from .labels_beside import labels_beside
from .lesion_classes import LESION_CLASSES, LesionClass, classes_of


@dataclass(frozen=True)
class Protocol:
    """Fixes how predictions are scored. Scores compare only under the same id; a change of any rule is a new id."""

    id: str
    """Stored with every score."""
    lesion_classes: tuple[LesionClass, ...]
    """The classes scored, in the order of the tables. Label maps hold their ids and 0, nothing else."""
    connectivity: Connectivity
    """Voxels that touch in this sense belong to one lesion; lesions are found on the reference's grid, class by
    class, and have no minimum size."""
    match_iou: Fraction
    """A predicted and a reference lesion match from this IoU on, itself included."""
    nsd_tolerance_mm: float
    """Is the tolerance of the normalised surface distance, which is reported and never ranked."""
    large_from_mm: float
    """A lesion is large from this longest axial diameter on (WHO), small below."""

    @property
    def class_ids(self) -> tuple[int, ...]:
        return tuple(lesion.id for lesion in self.lesion_classes)


# DSC is the mean over the cases where either side has the class; F1 pools lesions over all cases; Avg. is the
# unweighted mean over the classes (metrics/aggregation.py).
MSWAL_1 = Protocol(
    id="mswal/1",
    lesion_classes=LESION_CLASSES,
    connectivity=26,
    match_iou=Fraction(1, 2),
    nsd_tolerance_mm=2.0,
    large_from_mm=20.0,
)


def protocol_of(dataset: Dataset) -> Protocol:
    """Returns `MSWAL_1` for MSWAL, else its rules on the classes of the data set, whose names are then in the id.

    Raises BenchError for labels that cannot be scored, as `classes_of` does.
    """
    return protocol_of_labels(dataset.labels, str(dataset.root / "dataset.json"))


def protocol_of_label_maps(label_maps: Path) -> Protocol:
    """Returns the protocol for a folder of label maps, or one file: by the `dataset.json` there or beside it.

    Without one they are MSWAL's. Raises BenchError as `labels_beside` and `protocol_of_labels` do.
    """
    described = labels_beside(label_maps)
    return MSWAL_1 if described is None else protocol_of_labels(*described)


def protocol_of_labels(labels: object, where: str) -> Protocol:
    """Returns the protocol for the `labels` of a `dataset.json`; `where` names the file in errors."""
    classes = classes_of(labels, where)
    if classes == LESION_CLASSES:
        return MSWAL_1
    named = "+".join(structure.key for structure in classes)
    return replace(MSWAL_1, id=f"{MSWAL_1.id} on {named}", lesion_classes=classes)
