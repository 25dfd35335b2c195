from __future__ import annotations

import numpy as np
import pytest

from mswal_bench.benchmark.data.phantom.attenuation import tissues_hu
from mswal_bench.benchmark.data.phantom.body import build_of, paint_body, paint_chest, paint_skeleton
from mswal_bench.benchmark.data.phantom.canvas import Canvas, Region
from mswal_bench.benchmark.data.phantom.cohort import cohort
from mswal_bench.benchmark.data.phantom.grids import grid_for
from mswal_bench.benchmark.data.phantom.organs import paint_organs
from mswal_bench.benchmark.data.phantom.seeds import Purpose, stream

# Adult volumes in ml, wide enough for every build and for organs that make room for lesions.
VOLUMES_ML = {
    Region.LIVER: (800, 2600),
    Region.GALLBLADDER: (10, 400),
    Region.KIDNEY_RIGHT: (80, 500),
    Region.KIDNEY_LEFT: (80, 500),
    Region.PANCREAS: (25, 160),
    Region.SPLEEN: (70, 450),
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
    for region, (least, most) in VOLUMES_ML.items():
        mask = canvas.owner == region
        assert least <= mask.sum() * 0.064 <= most, region.name
        z, y, x = (float(index.mean()) for index in np.nonzero(mask))
        centres[region] = (x, y, z)
    # LPS: the patient's right is at small x, the front at small y, the head at large z.
    assert centres[Region.LIVER][0] < 42 - 8 < 42 + 8 < centres[Region.SPLEEN][0]
    assert centres[Region.KIDNEY_RIGHT][0] < centres[Region.KIDNEY_LEFT][0]
    assert centres[Region.PANCREAS][1] < centres[Region.KIDNEY_LEFT][1]
    assert centres[Region.LIVER][2] > centres[Region.KIDNEY_RIGHT][2]
    # The body ends within the field of view, with air around it.
    assert (canvas.owner[:, :, [0, -1]] == Region.AIR).all()
    assert (canvas.owner[:, [0, -1]] == Region.AIR).all()
    assert {host.region for group in hosts.values() for host in group} == VOLUMES_ML.keys() - {Region.SPLEEN}
