"""The seven lesion types of MSWAL, defined once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LesionClass:
    """One lesion type: its value in the label maps, its names, and its colour in pictures."""

    id: int
    """The voxel value in MSWAL's label maps; 0 is background."""
    key: str
    """The name in data: files, JSON, options."""
    name: str
    plural: str
    abbreviation: str
    """As in Table 1 of the paper."""
    colour: str
    """sRGB, `#rrggbb`."""


# Paul Tol's "bright" scheme (no pair is confused by the common colour-vision deficiencies), its grey replaced
# by a white that shows on CT's greys.
LESION_CLASSES = (
    LesionClass(1, "gallstone", "Gallstone", "gallstones", "GS", "#228833"),
    LesionClass(2, "kidney_stone", "Kidney stone", "kidney stones", "KS", "#ffffff"),
    LesionClass(3, "liver_tumor", "Liver tumor", "liver tumors", "LT", "#aa3377"),
    LesionClass(4, "kidney_tumor", "Kidney tumor", "kidney tumors", "KT", "#ccbb44"),
    LesionClass(5, "pancreatic_cancer", "Pancreatic cancer", "pancreatic cancers", "PC", "#66ccee"),
    LesionClass(6, "liver_cyst", "Liver cyst", "liver cysts", "LC", "#4477aa"),
    LesionClass(7, "kidney_cyst", "Kidney cyst", "kidney cysts", "KC", "#ee6677"),
)

BY_KEY = {lesion.key: lesion for lesion in LESION_CLASSES}
