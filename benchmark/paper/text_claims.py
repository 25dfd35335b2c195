"""Holds what the paper's sentences state about its tables; `mswal_facts` has its numbers of the data set.

The paper is Wu et al., MICCAI 2025 (arXiv 2503.13560).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from .table_2 import Pair


def _decimals(**numbers: str) -> Mapping[str, Decimal]:
    return MappingProxyType({key: Decimal(number) for key, number in numbers.items()})


SEX_PERCENT = _decimals(male="53.9", female="46.1")
"""Is stated in Section 2, of the patients."""
PHASE_PERCENT: Mapping[str, Decimal] = MappingProxyType(
    {
        "non-contrast": Decimal(38),
        "arterial": Decimal(38),
        "venous": Decimal(10),
        "portal venous": Decimal(9),
        "delayed": Decimal(5),
    }
)
"""Is stated in Section 2, of the scans."""
SPLIT_RATIO = (7, 3)
"""Is stated in Section 2: the approximate ratio of training to test volumes."""

HARDEST = ("kidney_stone", "kidney_tumor")
"""Are called the most challenging of the seven by their average scores (Section 4, comparison); no metric is named."""
NEAR_THE_AVERAGE = "pancreatic_cancer"
"""Is said to achieve or approach the average DSC and F1 (Section 4, comparison)."""
IMBALANCE: Mapping[str, int] = MappingProxyType({"kidney_cyst": 1_171, "kidney_stone": 415, "kidney_tumor": 240})
"""Counts the lesions of the kidney by class (Section 4, comparison)."""

ABLATION_DSC = _decimals(II="49.46", III="48.83", V="50.09")
"""Is the DSC of each variant (Section 4, ablation)."""
ABLATION_LOSS = _decimals(I="1.07", II="0.63", III="0.26", IV="0.07")
"""Is the loss in points of DSC of each variant against the whole network (Section 4, ablation)."""
MOST_CRITICAL = "II"
"""Is the variant that loses most among those without one part (Section 4, ablation)."""

TRANSFER_DSC: Mapping[str, tuple[Decimal, Decimal]] = MappingProxyType(
    {
        "Liver": (Decimal("96.79"), Decimal("96.82")),
        "Liver tumor": (Decimal("71.40"), Decimal("74.40")),
        "Kidney": (Decimal("95.42"), Decimal("95.49")),
        "Kidney tumor": (Decimal("88.50"), Decimal("89.39")),
        "Kidney cyst": (Decimal("43.57"), Decimal("44.04")),
    }
)
"""Is the DSC from scratch and pretrained on MSWAL (Section 4, transfer)."""
ABSTRACT_TRANSFER: Mapping[str, Decimal] = MappingProxyType(
    {"Liver tumor": Decimal("3.00"), "Kidney tumor": Decimal("0.89")}
)
"""Is what pretraining gains in points of DSC (abstract)."""

CONCLUSION_IMPROVEMENT = Pair(Decimal("0.46"), Decimal("0.68"))
"""Is the improvement of Inception nnU-Net over the best other method in Avg. (Section 5)."""
