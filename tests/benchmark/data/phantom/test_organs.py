from __future__ import annotations

import numpy as np
import pytest

from mswal_bench.benchmark.data.phantom.attenuation import tissues_hu
from mswal_bench.benchmark.data.phantom.body import build_of, paint_body, paint_chest, paint_skeleton
from mswal_bench.benchmark.data.phantom.canvas import Canvas, Tissue
from mswal_bench.benchmark.data.phantom.cohort import cohort
from mswal_bench.benchmark.data.phantom.grids import grid_for
from mswal_bench.benchmark.data.phantom.organs import paint_organs
from mswal_bench.benchmark.data.phantom.seeds import Purpose, stream

# Adult volumes in ml, wide enough for every build and for organs that make room for lesions.
VOLUMES_ML = {
    Tissue.LIVER: (800, 2600),
    Tissue.GALLBLADDER: (10, 400),
    Tissue.KIDNEY_RIGHT: (80, 500),
    Tissue.KIDNEY_LEFT: (80, 500),
    Tissue.PANCREAS: (25, 160),
    Tissue.SPLEEN: (70, 450),
}


@pytest.mark.parametrize("slot", [1, 2, 100, 305, 544, 690])
def test_organs_have_plausible_volumes_and_places(slot: int) -> None:
    patient = cohort(0)[slot - 1]
    canvas = Canvas(grid_for(patient, "tiny"))
    rng = stream(0, slot, Purpose.ANATOMY)
    hu = tissues_hu(patient.phase, rng)
    build = build_of(patient, rng)
    paint_body(canvas, build, hu)
    paint_skeleton(canvas, build, hu)
    hosts = paint_organs(canvas, patient, build, hu, rng)
    paint_chest(canvas, build, hu)
    centres = {}
    for tissue, (least, most) in VOLUMES_ML.items():
        mask = canvas.owner == tissue
        assert least <= mask.sum() * 0.064 <= most, tissue.name
        z, y, x = (float(index.mean()) for index in np.nonzero(mask))
        centres[tissue] = (x, y, z)
    # LPS: the patient's right is at small x, the front at small y, the head at large z.
    assert centres[Tissue.LIVER][0] < 42 - 8 < 42 + 8 < centres[Tissue.SPLEEN][0]
    assert centres[Tissue.KIDNEY_RIGHT][0] < centres[Tissue.KIDNEY_LEFT][0]
    assert centres[Tissue.PANCREAS][1] < centres[Tissue.KIDNEY_LEFT][1]
    assert centres[Tissue.LIVER][2] > centres[Tissue.KIDNEY_RIGHT][2]
    # The body ends within the field of view, with air around it.
    assert (canvas.owner[:, :, [0, -1]] == Tissue.AIR).all()
    assert (canvas.owner[:, [0, -1]] == Tissue.AIR).all()
    assert {host.tissue for group in hosts.values() for host in group} == VOLUMES_ML.keys() - {Tissue.SPLEEN}
