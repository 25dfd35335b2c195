from __future__ import annotations

import numpy as np
import pytest

from mswal_bench.benchmark.data.mswal_facts import PHASE, Phase
from mswal_bench.benchmark.data.phantom.attenuation import LesionAttenuation, tissues_hu


@pytest.mark.parametrize("phase", list(PHASE))
def test_a_cyst_is_water_in_every_phase(phase: Phase) -> None:
    lesions = LesionAttenuation(phase, np.random.default_rng(0))
    for key in ("liver_cyst", "kidney_cyst"):
        values = [lesions.hu(key) for _ in range(200)]
        assert min(values) >= 0
        assert max(values) <= 12


@pytest.mark.parametrize("seed", range(5))
def test_organs_enhance_in_the_order_that_radiology_has_it(seed: int) -> None:
    hu = {phase: tissues_hu(phase, np.random.default_rng(seed)) for phase in PHASE}
    assert hu["arterial"]["aorta"] > 250 > hu["portal venous"]["aorta"] > hu["non-contrast"]["aorta"]
    assert hu["portal venous"]["liver"] > hu["arterial"]["liver"] > hu["non-contrast"]["liver"]
    assert hu["arterial"]["renal cortex"] > hu["arterial"]["renal medulla"] + 50
    assert hu["arterial"]["pancreas"] > hu["delayed"]["pancreas"]
    assert all(values["bile"] == 7 and values["fat"] < -90 for values in hu.values())


def mean_contrast(organ: str, key: str, phase: Phase) -> float:
    """Returns how much brighter the organ is than its lesions, in HU, on average over 200 patients."""
    contrasts = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        contrasts.append(tissues_hu(phase, rng)[organ] - LesionAttenuation(phase, rng).hu(key))
    return float(np.mean(contrasts))


# Lu et al., Radiology 1996, 199:697: 67 +- 19 and 39 +- 16 HU; PMID 17961951: 60, 41 and 18 HU.
@pytest.mark.parametrize(
    ("phase", "least", "most"),
    [("non-contrast", 3, 10), ("arterial", 55, 67), ("portal venous", 36, 42), ("delayed", 15, 21)],
)
def test_pancreatic_cancer_has_the_contrast_that_series_measured(phase: Phase, least: float, most: float) -> None:
    assert least < mean_contrast("pancreas", "pancreatic_cancer", phase) < most


# PMID 22528901: 28 to 40 HU without contrast medium, which is about the kidney's; 41 to 95 HU in the portal venous
# phase for papillary carcinomas, and more for others, in a cortex of 150 to 200.
@pytest.mark.parametrize(("phase", "least", "most"), [("non-contrast", -7, 5), ("portal venous", 60, 120)])
def test_kidney_tumors_take_up_less_than_the_cortex(phase: Phase, least: float, most: float) -> None:
    assert least < mean_contrast("renal cortex", "kidney_tumor", phase) < most


def test_stones() -> None:
    for seed in range(20):
        lesions = LesionAttenuation("venous", np.random.default_rng(seed))
        assert all(
            80 <= lesions.hu("gallstone") <= 300 and 400 <= lesions.hu("kidney_stone") <= 1200 for _ in range(10)
        )
