"""The label maps of LiTS and KiTS23 over the phantom's anatomy: an organ and some of its lesions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from mswal_bench.benchmark.data.lesion_classes import BY_KEY

from .canvas import Region
from .case import PhantomCase

_ORGAN = 1


@dataclass(frozen=True)
class OrganLabels:
    """What a public data set of one organ outlines."""

    regions: tuple[Region, ...]
    """Of the organ, whose value is 1."""
    lesions: Mapping[str, int]
    """The value of each class of lesion that grows in the organ; 1 where the data set does not tell it apart."""
    every: str
    """The class that every patient of the data set has."""


ORGAN_LABELS: Mapping[str, OrganLabels] = MappingProxyType(
    {
        "lits": OrganLabels((Region.LIVER,), {"liver_tumor": 2, "liver_cyst": _ORGAN}, "liver_tumor"),
        "kits": OrganLabels(
            (Region.KIDNEY_RIGHT, Region.KIDNEY_LEFT),
            {"kidney_tumor": 2, "kidney_cyst": 3, "kidney_stone": _ORGAN},
            "kidney_tumor",
        ),
    }
)


def organ_label_map(case: PhantomCase, labels: OrganLabels) -> npt.NDArray[np.uint8]:
    """The label map of `case` (z, y, x) as the data set has it.

    A lesion belongs to its organ where it grows out of it as well; what another organ's lesion has displaced does not.
    """
    label: npt.NDArray[np.uint8] = np.zeros_like(case.label)
    label[np.isin(case.regions, labels.regions) & (case.label == 0)] = _ORGAN
    for key, value in labels.lesions.items():
        label[case.label == BY_KEY[key].id] = value
    return label
