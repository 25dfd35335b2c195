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


@pytest.mark.parametrize("phase", list(PHASE))
def test_pancreatic_cancer_takes_up_less_than_the_pancreas(phase: Phase) -> None:
    rng = np.random.default_rng(1)
    pancreas = tissues_hu(phase, rng)["pancreas"]
    lesions = LesionAttenuation(phase, rng)
    contrast = pancreas - np.mean([lesions.hu("pancreatic_cancer") for _ in range(50)])
    assert contrast > (3 if phase == "non-contrast" else 10)


def test_stones() -> None:
    for seed in range(20):
        lesions = LesionAttenuation("venous", np.random.default_rng(seed))
        assert all(
            80 <= lesions.hu("gallstone") <= 300 and 400 <= lesions.hu("kidney_stone") <= 1200 for _ in range(10)
        )
