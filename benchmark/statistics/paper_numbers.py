"""What the paper says of MSWAL (arXiv 2503.13560, Section 2 and Fig. 1), to be shown beside what is found.

The numbers that the phantom is made to have are told there and only named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..phantom.cohort import (
    BURDENS,
    FEWEST_SLICES,
    MOST_SLICES,
    PATIENTS,
    PHASES,
    SEXES,
    SLICES,
    TEST_SLOTS,
    TRAIN_SLOTS,
)

SOURCE = "Wu et al., MSWAL, MICCAI 2025 (arXiv 2503.13560), Section 2 and Fig. 1"
CASES = MappingProxyType({"total": PATIENTS, "train": TRAIN_SLOTS, "test": TEST_SLOTS})
SEX: Mapping[str, int] = MappingProxyType({str(sex): count for sex, count in SEXES.items()})
PHASE: Mapping[str, int] = MappingProxyType({str(phase): count for phase, count in PHASES.items()})
SLICE_COUNTS = MappingProxyType({"total": SLICES, "fewest": FEWEST_SLICES, "most": MOST_SLICES})
IN_PLANE_VOXELS = 512

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
    {key: one.small for key, one in BURDENS.items()} | {"total": sum(one.small for one in BURDENS.values())}
)
"""Below 20 mm, drawn in Fig. 1 (c); the total is the sum."""
LARGE = MappingProxyType(
    {key: one.large for key, one in BURDENS.items()} | {"total": sum(one.large for one in BURDENS.values())}
)
