from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from scipy import ndimage

from .pairs import CLASS_IDS, RECIPES, PairRecipe, count_components, draw_pair, make_many, make_pair

TYPICAL = RECIPES["typical"].shrunken(4)


def _components(labels: np.ndarray) -> dict[int, int]:
    return {class_id: ndimage.label(labels == class_id, np.ones((3, 3, 3)))[1] for class_id in CLASS_IDS}


@pytest.fixture(scope="module")
def typical() -> tuple[np.ndarray, np.ndarray]:
    return draw_pair(TYPICAL)


def test_full_sizes() -> None:
    shapes = {name: recipe.shape[::-1] for name, recipe in RECIPES.items()}
    assert shapes == {"typical": (512, 512, 276), "worst": (512, 512, 1089), "speckle": (512, 512, 276)}
    assert [sum(RECIPES[name].lesions.values()) for name in ("typical", "worst")] == [35, 270]
    assert RECIPES["speckle"].specks == 100_000


def test_reference_has_the_lesions_of_its_recipe(typical: tuple[np.ndarray, np.ndarray]) -> None:
    assert _components(typical[0]) == dict(TYPICAL.lesions)


def test_prediction_is_another_one_and_has_every_class(typical: tuple[np.ndarray, np.ndarray]) -> None:
    reference, prediction = typical
    lesions = _components(prediction)
    assert min(lesions.values()) > 0
    assert 30 <= sum(lesions.values()) <= 42
    overlap = np.count_nonzero((reference == prediction) & (reference > 0)) / np.count_nonzero(reference)
    assert 0.4 < overlap < 0.95


def test_same_seed_same_pair_other_seed_another(typical: tuple[np.ndarray, np.ndarray]) -> None:
    for one, other in zip(typical, draw_pair(TYPICAL), strict=True):
        np.testing.assert_array_equal(one, other)
    assert (draw_pair(replace(TYPICAL, seed=9))[0] != typical[0]).any()


def test_specks_are_single_voxels() -> None:
    recipe = replace(TYPICAL, specks=2000)
    reference, prediction = draw_pair(recipe)
    np.testing.assert_array_equal(reference, draw_pair(TYPICAL)[0])
    assert np.count_nonzero(prediction) == 2000
    assert ndimage.label(prediction, np.ones((3, 3, 3)))[1] == 2000
    assert set(np.unique(prediction)) == {0, *CLASS_IDS}


def test_too_many_specks_are_told() -> None:
    crowded = PairRecipe((12, 40, 40), (30.0, 10.0, 10.0), dict.fromkeys(CLASS_IDS, 0) | {1: 1, 2: 1}, specks=15_000)
    with pytest.raises(RuntimeError, match="no room for 15000 specks"):
        draw_pair(crowded)


def test_components_are_counted_within_boxes(typical: tuple[np.ndarray, np.ndarray]) -> None:
    for labels in typical:
        assert count_components(labels) == _components(labels)
    assert count_components(np.zeros((2, 2, 2), np.uint8)) == dict.fromkeys(CLASS_IDS, 0)


def test_files_hold_the_pair(tmp_path: Path, typical: tuple[np.ndarray, np.ndarray]) -> None:
    files = make_pair(TYPICAL, tmp_path / "typical")
    for path, labels in zip((files.reference, files.prediction), typical, strict=True):
        image = SimpleITK.ReadImage(str(path))
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), labels)
        assert image.GetPixelID() == SimpleITK.sitkUInt8
        assert image.GetSpacing() == pytest.approx((3.0, 3.0, 5.0))
    summary = json.loads((tmp_path / "typical" / "pair.json").read_text())
    assert summary["reference"]["lesions"] == 35
    assert summary["prediction"]["voxels"] == np.count_nonzero(typical[1])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["typical"]


def test_many_are_links_under_as_many_names(tmp_path: Path) -> None:
    folders = make_many(cases=10, shrink=8, cache=tmp_path)
    for folder in (folders.reference, folders.prediction):
        names = sorted(path.name for path in folder.iterdir())
        assert (len(names), names[0], names[-1]) == (10, "case-0000.nii.gz", "case-0009.nii.gz")
        assert len({path.read_bytes() for path in folder.iterdir()}) == 8
