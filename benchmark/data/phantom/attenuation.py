"""Draws Hounsfield values: of every tissue in the five contrast phases, and of the seven lesion types.

The values are textbook ones for 120 kV and an adult dose of contrast medium, rounded; none is from the paper. The
contrast of pancreatic cancers and kidney tumors to their organs is what series of patients had, whose sources stand
beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from mswal_bench.benchmark.data.mswal_facts import Phase

_PHASES: tuple[Phase, ...] = ("non-contrast", "arterial", "venous", "portal venous", "delayed")

# Non-contrast, arterial, venous, portal venous, delayed.
_ENHANCING = {
    "aorta": (42, 300, 150, 160, 105),
    "vein": (40, 70, 145, 165, 105),
    "liver": (57, 68, 106, 112, 88),
    "spleen": (48, 112, 120, 118, 95),
    "renal cortex": (33, 165, 185, 180, 145),
    "renal medulla": (32, 75, 165, 165, 145),
    "pancreas": (41, 110, 98, 98, 78),
    "muscle": (52, 57, 62, 62, 62),
    "bowel wall": (36, 62, 78, 80, 70),
    "heart": (40, 220, 140, 145, 105),
}
_CONSTANT = {
    "fat": -103.0,
    "skin": 10.0,
    "bile": 7.0,
    "renal sinus": -55.0,
    "lung": -840.0,
    "gas": -960.0,
    "bowel content": 18.0,
    "stool": 5.0,
    "urine": 4.0,
    "cortical bone": 420.0,
    "trabecular bone": 165.0,
    "disc": 85.0,
    "spinal canal": 30.0,
}
# How far one patient's tissue is from the table: a share of the enhancement, and HU for all.
_TIMING = 0.08
_VARIATION_HU = 2.5

# Most liver tumors take up less contrast than the liver; some light up in the arterial phase and wash out later.
_LESIONS = {
    "liver_tumor": (36, 44, 62, 64, 60),
    "hypervascular liver_tumor": (42, 118, 84, 80, 66),
    # 28 to 40 HU in the darkest and brightest part without contrast medium (193 carcinomas, AJR 2012, PMID 22528901).
    # With it, papillary ones have 41 to 95 HU in the portal venous phase, and most others more in the arterial one.
    "kidney_tumor": (36, 98, 96, 94, 82),
    # The pancreas is 67 HU brighter in the pancreatic phase and 39 in the hepatic one (Lu et al., Radiology 1996,
    # 199:697); 60, 41 and, in the delayed phase, 18 HU where the cancer is visible at all (PMID 17961951).
    "pancreatic_cancer": (35, 50, 58, 58, 60),
    "liver_cyst": (6, 6, 6, 6, 6),
    "kidney_cyst": (7, 7, 7, 7, 7),
}
_HYPERVASCULAR_SHARE = 0.3
_LESION_VARIATION_HU = {
    "liver_tumor": 5.0,
    "kidney_tumor": 6.0,
    "pancreatic_cancer": 4.0,
    "liver_cyst": 2.5,
    "kidney_cyst": 2.5,
}
_GALLSTONE_HU = (80.0, 300.0)
_KIDNEY_STONE_HU = (450.0, 1200.0)
NECROSIS_HU = 24.0
"""The centre of a large tumor."""


def tissues_hu(phase: Phase, rng: np.random.Generator) -> Mapping[str, float]:
    """Draws the HU of every tissue of one patient in `phase`, by name."""
    column = _PHASES.index(phase)
    timing = 1 + _TIMING * rng.uniform(-1, 1)
    hu = dict(_CONSTANT)
    for name, values in _ENHANCING.items():
        enhancement = (values[column] - values[0]) * timing
        hu[name] = values[0] + enhancement + _VARIATION_HU * rng.uniform(-1, 1)
    return MappingProxyType(hu)


class LesionAttenuation:
    """Draws the HU of one patient's lesions. Stones of one patient are alike, and so are tumors, as in life."""

    def __init__(self, phase: Phase, rng: np.random.Generator):
        self._column = _PHASES.index(phase)
        self._hypervascular = bool(rng.random() < _HYPERVASCULAR_SHARE)
        self._gallstone_hu = float(rng.uniform(*_GALLSTONE_HU))
        self._rng = rng

    def hu(self, key: str) -> float:
        """Returns the HU of the next lesion of class `key`."""
        if key == "gallstone":
            return float(np.clip(self._gallstone_hu + self._rng.normal(0, 12), *_GALLSTONE_HU))
        if key == "kidney_stone":
            return float(self._rng.uniform(*_KIDNEY_STONE_HU))
        name = f"hypervascular {key}" if key == "liver_tumor" and self._hypervascular else key
        # Cysts stay within 0 to 12 HU: a cyst is water whatever the phase.
        return _LESIONS[name][self._column] + _LESION_VARIATION_HU[key] * float(self._rng.uniform(-1, 1))
