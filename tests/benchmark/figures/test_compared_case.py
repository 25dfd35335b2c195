from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from scipy.ndimage import label as scipy_label

from mswal_bench.benchmark.data.lesion_classes import BY_KEY
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.figures.body_planes import BodyGrid
from mswal_bench.benchmark.figures.compared_case import ComparedCase
from mswal_bench.metrics import score_case

from .conftest import FOUND, GEOMETRY, HALF, INVENTED, MISSED, SHAPE, Compare


def drawn(compared: ComparedCase, which: int, z: int) -> dict[tuple[str, str], np.ndarray]:
    regions = compared.method_marks(compared.methods[which], BodyGrid(GEOMETRY).places("axial", z))
    return {(region.kind, region.lesion.key): region.pixels for region in regions}


def plane(place: tuple[slice, ...], z: int) -> np.ndarray:
    array = np.zeros(SHAPE, bool)
    array[place] = True
    return array[z]


def test_the_planted_lesions_are_marked_as_the_protocol_counts_them(planted_case: ComparedCase) -> None:
    at_3 = drawn(planted_case, 0, 3)
    assert set(at_3) == {
        ("predicted", "kidney_stone"), ("predicted", "liver_cyst"), ("matched reference", "liver_cyst"),
        ("FP", "kidney_stone"), ("FN", "kidney_cyst"),
    }  # fmt: skip
    np.testing.assert_array_equal(at_3["FP", "kidney_stone"], plane(INVENTED, 3))
    np.testing.assert_array_equal(at_3["FN", "kidney_cyst"], plane(MISSED, 3))
    np.testing.assert_array_equal(at_3["matched reference", "liver_cyst"], plane(FOUND, 3))
    at_8 = drawn(planted_case, 0, 8)
    np.testing.assert_array_equal(at_8["FN", "liver_tumor"], plane(HALF, 8))
    assert at_8["FP", "liver_tumor"].sum() == 4
    assert planted_case.methods[0].counts == (1, 2, 2)


def test_of_a_perfect_prediction_nothing_is_marked(planted_case: ComparedCase) -> None:
    for z in range(SHAPE[0]):
        assert not {kind for kind, _ in drawn(planted_case, 1, z)} & {"FP", "FN"}
    assert planted_case.methods[1].mean_dsc == 1
    assert planted_case.methods[1].counts == (3, 0, 0)


def test_lesions_that_touch_by_a_corner_are_one(compare_arrays: Compare) -> None:
    reference, prediction = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    reference[2:4, 2:4, 2:4] = 7
    reference[4, 4, 4] = 7
    prediction[2:4, 2:4, 2:4] = 7
    compared = compare_arrays(reference, {"one": prediction})
    assert set(drawn(compared, 0, 4)) == {("matched reference", "kidney_cyst")}


@pytest.mark.parametrize("seed", range(4))
def test_the_marks_are_the_scorers_of_random_label_maps(compare_arrays: Compare, seed: int) -> None:
    random = np.random.default_rng(seed)
    reference = random.choice([0, 0, 0, 0, 3, 7], SHAPE).astype(np.uint8)
    changed = random.random(SHAPE) < 0.06
    prediction = np.where(changed, random.choice([0, 3, 7], SHAPE), reference).astype(np.uint8)
    compared = compare_arrays(reference, {"one": prediction})
    score = score_case(reference, prediction, (3.0, 1.0, 1.0), MSWAL_1.class_ids)
    for side, kind, array in (("reference", "FN", reference), ("prediction", "FP", prediction)):
        expected = np.zeros(SHAPE, np.uint8)
        for class_id in (3, 7):
            # In the order of their first voxels, as the scorer numbers them.
            parts, _ = scipy_label(array == class_id, np.ones((3, 3, 3)))
            for lesion in score.lesions:
                if (lesion.class_id, lesion.side, lesion.status) == (class_id, side, kind):
                    expected[parts == lesion.lesion_id] = class_id
        found = np.zeros(SHAPE, np.uint8)
        for z in range(SHAPE[0]):
            for (of_kind, key), pixels in drawn(compared, 0, z).items():
                if of_kind == kind:
                    found[z][pixels] = BY_KEY[key].id
        np.testing.assert_array_equal(found, expected)
        assert expected.any()


def test_nothing_on_either_side(compare_arrays: Compare) -> None:
    empty = np.zeros(SHAPE, np.uint8)
    compared = compare_arrays(empty, {"one": empty})
    assert drawn(compared, 0, 3) == {}
    assert compared.reference_marks(BodyGrid(GEOMETRY).places("coronal", 2)) == []
    assert isnan(compared.methods[0].mean_dsc)
