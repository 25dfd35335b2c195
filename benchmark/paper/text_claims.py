"""Numbers and orders that the paper's sentences state of its tables; those of the data set are in `mswal_facts`.

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
"""Section 2, of the patients."""
PHASE_PERCENT: Mapping[str, Decimal] = MappingProxyType(
    {
        "non-contrast": Decimal(38),
        "arterial": Decimal(38),
        "venous": Decimal(10),
        "portal venous": Decimal(9),
        "delayed": Decimal(5),
    }
)
"""Section 2, of the scans."""
SPLIT_RATIO = (7, 3)
"""Section 2: an approximate ratio of training and test volumes."""

HARDEST = ("kidney_stone", "kidney_tumor")
"""Section 4, comparison: the most challenging of the seven, by the average scores; no metric is named."""
NEAR_THE_AVERAGE = "pancreatic_cancer"
"""Section 4, comparison: achieves or approaches the average DSC and F1."""
IMBALANCE: Mapping[str, int] = MappingProxyType({"kidney_cyst": 1_171, "kidney_stone": 415, "kidney_tumor": 240})
"""Section 4, comparison: lesions of the kidney by class."""

ABLATION_DSC = _decimals(II="49.46", III="48.83", V="50.09")
"""Section 4, ablation: DSC of a variant."""
ABLATION_LOSS = _decimals(I="1.07", II="0.63", III="0.26", IV="0.07")
"""Section 4, ablation: points of DSC between a variant and the whole network."""
MOST_CRITICAL = "II"
"""Section 4, ablation: of the variants without one part the one that loses most."""

TRANSFER_DSC: Mapping[str, tuple[Decimal, Decimal]] = MappingProxyType(
    {
        "Liver": (Decimal("96.79"), Decimal("96.82")),
        "Liver tumor": (Decimal("71.40"), Decimal("74.40")),
        "Kidney": (Decimal("95.42"), Decimal("95.49")),
        "Kidney tumor": (Decimal("88.50"), Decimal("89.39")),
        "Kidney cyst": (Decimal("43.57"), Decimal("44.04")),
    }
)
"""Section 4, transfer: from scratch, and pretrained on MSWAL."""
ABSTRACT_TRANSFER: Mapping[str, Decimal] = MappingProxyType(
    {"Liver tumor": Decimal("3.00"), "Kidney tumor": Decimal("0.89")}
)
"""Abstract: what pretraining gains."""

CONCLUSION_IMPROVEMENT = Pair(Decimal("0.46"), Decimal("0.68"))
"""Section 5: of Inception nnU-Net over the best other method, in Avg."""
