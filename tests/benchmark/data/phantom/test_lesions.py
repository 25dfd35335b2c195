"""What the label maps of whole cases must keep: the lesions are all there, apart, and look like what they are."""

from __future__ import annotations

import cc3d
import numpy as np
import pytest
from scipy import ndimage

from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.phantom.case import PhantomCase, make_case
from mswal_bench.benchmark.data.phantom.lesion_shapes import axial_diameter_bounds_mm

Cases = tuple[PhantomCase, ...]


def check_lesions(case: PhantomCase) -> None:
    """Asserts that the label's components are the planned lesions, in number, class and size group."""
    together = cc3d.connected_components(case.label > 0, connectivity=26, return_N=True)[1]
    assert together == len(case.patient.lesions), "lesions touch"
    for lesion in LESION_CLASSES:
        groups = {"small": 0, "large": 0}
        components, count = cc3d.connected_components(case.label == lesion.id, connectivity=26, return_N=True)
        for index in range(1, count + 1):
            box = ndimage.find_objects((components == index).astype(np.uint8))[0]
            shortest, longest = axial_diameter_bounds_mm(components[box] == index, case.spacing_mm)
            assert longest < 20 or shortest >= 20
            groups["small" if longest < 20 else "large"] += 1
        planned = [one.group for one in case.patient.lesions if one.key == lesion.key]
        assert groups == {"small": planned.count("small"), "large": planned.count("large")}, lesion.key


def test_components_are_the_planned_lesions(tiny_cases: Cases) -> None:
    for case in tiny_cases:
        check_lesions(case)


@pytest.mark.slow
@pytest.mark.parametrize("size", ["tiny", "small"])
def test_components_are_the_planned_lesions_in_many_patients(size: str) -> None:
    for slot in range(1, 695, 31):
        check_lesions(make_case(1, slot, size))


@pytest.mark.slow
def test_components_are_the_planned_lesions_at_full_size() -> None:
    case = make_case(0, 8, "full")
    assert case.image.shape == (case.patient.slices, 512, 512)
    check_lesions(case)


def test_lesions_are_in_the_body(tiny_cases: Cases) -> None:
    for case in tiny_cases:
        air = cc3d.connected_components(case.image < -300, connectivity=6)
        outside = air == air[0, 0, 0]
        assert not (outside & (case.label > 0)).any()


def median_core_hu(case: PhantomCase, lesion_id: int) -> list[float]:
    """The median HU of each large lesion of a class, away from its edge."""
    components = cc3d.connected_components(case.label == lesion_id, connectivity=26)
    cores = []
    for index, box in enumerate(ndimage.find_objects(components), 1):
        core = ndimage.binary_erosion(np.pad(components[box] == index, 1))[1:-1, 1:-1, 1:-1]
        if core.sum() >= 5:
            cores.append(float(np.median(case.image[box][core])))
    return cores


def test_large_lesions_have_the_attenuation_of_their_class(tiny_cases: Cases) -> None:
    seen = dict.fromkeys(range(1, 8), 0)
    expected = {1: (60, 320), 2: (300, 1250), 3: (10, 130), 4: (15, 115), 5: (15, 75), 6: (-6, 18), 7: (-6, 18)}
    for case in tiny_cases:
        for lesion_id, (lowest, highest) in expected.items():
            for hu in median_core_hu(case, lesion_id):
                assert lowest <= hu <= highest, (case.patient.case, lesion_id)
                seen[lesion_id] += 1
    assert all(seen[lesion_id] for lesion_id in (1, 3, 4, 5, 6, 7))


def test_small_kidney_stones_are_bright_in_spite_of_partial_volume(tiny_cases: Cases) -> None:
    peaks = []
    for case in tiny_cases:
        components = cc3d.connected_components(case.label == 2, connectivity=26)
        peaks += [float(case.image[box].max()) for box in ndimage.find_objects(components)]
    assert len(peaks) > 3
    assert min(peaks) > 300
