"""Holds what is known of MSWAL before a file is read: the paper's numbers and one of the public release.

The paper is Wu et al., MICCAI 2025 (arXiv 2503.13560); the numbers are those of Section 2 and Fig. 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Sex = Literal["male", "female"]
Phase = Literal["non-contrast", "arterial", "venous", "portal venous", "delayed"]

SOURCE = "Wu et al., MSWAL, MICCAI 2025 (arXiv 2503.13560), Section 2 and Fig. 1"

CASES = MappingProxyType({"total": 694, "train": 484, "test": 210})
"""Patients, each with one scan, and the official split."""
SEX: Mapping[Sex, int] = MappingProxyType({"male": 374, "female": 320})
"""Patients: Fig. 1 (a)."""
PHASE: Mapping[Phase, int] = MappingProxyType(
    {"non-contrast": 261, "arterial": 261, "venous": 71, "portal venous": 64, "delayed": 37}
)
"""Scans by contrast phase: Fig. 1 (b)."""
SLICE_COUNTS = MappingProxyType({"total": 191_417, "fewest": 52, "most": 1_089})
"""Axial slices: of all scans, and of one."""
IN_PLANE_VOXELS = 512
"""Along both axes of an axial slice."""

LARGE_FROM_MM = 20.0
"""A lesion is large from this longest axial diameter on (WHO, as in Fig. 1 (c))."""
LESIONS = MappingProxyType(
    {
        "gallstone": 215,
        "kidney_stone": 415,
        "liver_tumor": 767,
        "kidney_tumor": 240,
        "pancreatic_cancer": 117,
        "liver_cyst": 2_287,
        "kidney_cyst": 1_171,
        "total": 5_212,
    }
)
"""By class, from the text; the total from Table 1."""
SMALL = MappingProxyType(
    {
        "gallstone": 144,
        "kidney_stone": 400,
        "liver_tumor": 438,
        "kidney_tumor": 164,
        "pancreatic_cancer": 12,
        "liver_cyst": 2_126,
        "kidney_cyst": 1_003,
        "total": 4_287,
    }
)
"""Below 20 mm, drawn in Fig. 1 (c); the total is the sum."""
LARGE = MappingProxyType(
    {
        "gallstone": 71,
        "kidney_stone": 15,
        "liver_tumor": 329,
        "kidney_tumor": 76,
        "pancreatic_cancer": 105,
        "liver_cyst": 161,
        "kidney_cyst": 168,
        "total": 925,
    }
)

SPECK_VOXELS = 3
"""The most voxels of a lesion that is called a speck. Specks are reported of the public release; the paper does not
speak of them, and the protocol, which has no minimum size, counts them."""
