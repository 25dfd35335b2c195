"""Scoring of one case in arrays: what they may hold, and what is said of those that do not."""

from __future__ import annotations

from fractions import Fraction
from math import isnan
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1, protocol_of_labels
from mswal_bench.benchmark.scoring.labelled_arrays import CaseResult, score_arrays
from mswal_bench.metrics import score_case

SPACING = (2.5, 0.7, 0.7)


def label_map(dtype: Any = np.uint8) -> NDArray[Any]:
    """A kidney tumor of 2 x 4 x 4 voxels, and a gallstone of one."""
    array = np.zeros((4, 8, 8), dtype)
    array[1:3, 2:6, 2:6] = 4
    array[3, 7, 7] = 1
    return array


def scored(reference: Any, prediction: Any, spacing_mm: Any = SPACING, **options: Any) -> CaseResult:
    return score_arrays(reference, prediction, spacing_mm, MSWAL_1, **{"details": False, **options})


def told(*arguments: Any) -> list[str]:
    with pytest.raises(BenchError) as raised:
        scored(*arguments)
    return [str(problem) for problem in raised.value.problems]


def test_lesions_are_named() -> None:
    result = scored(label_map(), np.roll(label_map(), 1, axis=2))
    tumor = result["kidney_tumor"]
    assert (tumor.dsc, tumor.f1, tumor.tp, tumor.fp, tumor.fn) == (0.75, 1.0, 1, 0, 0)
    assert (tumor.reference_voxels, tumor.prediction_voxels, tumor.intersection_voxels) == (32, 32, 24)
    assert (result["gallstone"].dsc, result["gallstone"].fn) == (0.0, 1)
    assert isnan(result["liver_cyst"].dsc)
    assert list(result) == [lesion.key for lesion in MSWAL_1.lesion_classes]
    assert len(result) == 7


def test_what_is_no_lesion_is_a_key_error_that_names_the_one_meant() -> None:
    result = scored(label_map(), label_map())
    assert "kidney_tumour" not in result
    with pytest.raises(KeyError, match=r"Did you mean kidney_tumor\?"):
        result["kidney_tumour"]


def test_the_numbers_are_those_of_the_metrics_under_the_protocol() -> None:
    generator = np.random.default_rng(0)
    reference, prediction = generator.integers(0, 8, (2, 6, 20, 20))
    result = scored(reference, prediction, details=True)
    expected = score_case(
        reference, prediction, SPACING, range(1, 8), match_iou=Fraction(1, 2), connectivity=26, nsd_tolerance_mm=2.0
    )
    assert result.score.classes == expected.classes
    assert result.score.surfaces == expected.surfaces
    assert list(result.score.lesions) == list(expected.lesions)


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int16", ">u2", "int32", "uint64", "int64", "float16", "float32", "float64"]
)
def test_any_dtype_of_whole_numbers_gives_the_same(dtype: str) -> None:
    expected = scored(label_map(), np.roll(label_map(), 1, axis=1))
    assert dict(scored(label_map(dtype), np.roll(label_map(dtype), 1, axis=1))) == dict(expected)


def test_true_is_label_1_and_a_list_is_an_array() -> None:
    assert scored([[[True, True, False]]], np.array([[[True, False, False]]]))["gallstone"].dsc == 2 / 3


def test_arrays_may_be_of_any_order_and_are_not_written_to() -> None:
    array = np.asfortranarray(label_map(np.float32)).transpose(2, 1, 0)
    array.flags.writeable = False
    assert scored(array, array)["kidney_tumor"].dsc == 1


def test_arrays_without_voxels_have_nothing() -> None:
    empty = np.zeros((0, 8, 8), np.uint8)
    assert isnan(scored(empty, empty)["gallstone"].dsc)


def test_diameters_are_measured_in_slices_of_the_first_axis() -> None:
    array = np.zeros((9, 3, 3), np.uint8)
    array[:, 1, 1] = 3
    (of_reference, _) = scored(array, array, (10.0, 3.0, 4.0)).score.lesions
    assert of_reference.diameter_mm == 5


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (np.full((1, 1, 2), 9), "found 9 in 2 voxels"),
        (np.full((1, 1, 1), -1), "found -1 in 1 voxel"),
        (np.full((1, 1, 1), 256), "found 256 in 1 voxel"),
        (np.full((1, 1, 1), 2**63, np.uint64), "found 9223372036854775808 in 1 voxel"),
        (np.array([[[1.5, 3.0]]]), "found 1.5 in 1 voxel"),
        (np.array([[[np.nan, 3.0]]]), "found nan in 1 voxel"),
        (np.array([[[np.inf, 3.0]]]), "found inf in 1 voxel"),
        (np.arange(8, 28).reshape(1, 2, 10), "found 8, 9, 10, 11, 12 and 15 more in 20 voxels"),
    ],
)
def test_values_that_are_no_labels_are_named(array: NDArray[Any], found: str) -> None:
    (problem,) = told(array, np.zeros(array.shape, np.uint8))
    assert problem.startswith("reference: holds values that are no labels: expected 0 to 7, whole numbers, ")
    assert found in problem


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.zeros((4, 4)), "prediction: is not one 3D label map: expected the axes (z, y, x), found shape (4, 4)."),
        (np.zeros((1, 4, 8, 8)), "A batch or a channel in front is taken off by `array[0]`."),
        (np.zeros((4, 8, 8), "complex64"), "holds no numbers: expected integers, booleans or floats, found complex64."),
        (np.full((4, 8, 8), "x"), "found <U1"),
        (np.full((4, 8, 8), None), "found object"),
        ([[[1, 2], [3]]], "prediction: cannot be read as an array ("),
        (np.zeros((4, 8, 7), int), "prediction: is not of the reference's shape: expected (4, 8, 8), found (4, 8, 7)."),
    ],
)  # fmt: skip
def test_what_is_no_label_map_is_told(array: Any, expected: str) -> None:
    (problem,) = told(label_map(), array)
    assert expected in problem


@pytest.mark.parametrize(
    "spacing", [(1.0, 1.0), (1.0, 1.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, np.nan, 1.0), 1.0, ("a", "b", "c"), None]
)
def test_a_spacing_that_is_none_is_told(spacing: Any) -> None:
    (problem,) = told(label_map(), label_map(), spacing)
    assert problem.startswith("spacing_mm: is not three ")
    assert "expected one number an axis of the arrays, in their order (z, y, x)" in problem


def test_all_that_is_wrong_is_told_in_one_go() -> None:
    assert len(told(np.full((4, 8, 8), 9), np.full((4, 8, 7), 0.5), (1.0,))) == 4


def test_other_labels_have_their_own_names() -> None:
    protocol = protocol_of_labels({"background": 0, "kidney": 1, "tumor": 2}, "labels")
    result = score_arrays(np.full((1, 1, 1), 2), np.full((1, 1, 1), 2), SPACING, protocol, details=False)
    assert (list(result), result["tumor"].dsc) == (["kidney", "tumor"], 1)


def test_it_prints_as_scores_of_one_prediction() -> None:
    result = scored(label_map(), label_map())
    assert "\nKidney tumor       100.00  100.00\n" in str(result)
    assert str(result).endswith("Percent. Protocol mswal/1, 1 case scored, none left out.")
    assert "<td" in result._repr_html_()
    assert repr(result) == "<CaseResult: 4 lesions, mswal/1>"
    assert result.surfaces is None


def test_surfaces_are_named_too() -> None:
    surfaces = scored(label_map(), label_map(), details=True).surfaces
    assert surfaces is not None
    assert (surfaces["kidney_tumor"].nsd, surfaces["gallstone"].hd95_mm) == (1, 0)
