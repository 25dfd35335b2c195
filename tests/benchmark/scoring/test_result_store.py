from __future__ import annotations

from dataclasses import astuple, fields, replace
from pathlib import Path

import numpy as np
import pytest

from mswal_bench.benchmark.scoring.protocol import MSWAL_1
from mswal_bench.benchmark.scoring.result_store import ResultStore
from mswal_bench.metrics import CaseScore, score_case


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / "store", MSWAL_1, details=False, version="1")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("reference", "prediction"):
        (tmp_path / name).write_text(name)
    return tmp_path / "reference", tmp_path / "prediction"


def _score(nsd_tolerance_mm: float | None = None) -> CaseScore:
    random = np.random.default_rng(0)
    sides = (random.random((2, 6, 7, 8)) < 0.2) * random.integers(1, 8, (2, 6, 7, 8))
    return score_case(sides[0], sides[1], (2.0, 0.7, 0.7), MSWAL_1.class_ids, nsd_tolerance_mm=nsd_tolerance_mm)


@pytest.mark.parametrize("nsd_tolerance_mm", [None, 2.0])
def test_what_is_saved_is_loaded(store: ResultStore, nsd_tolerance_mm: float | None) -> None:
    score = _score(nsd_tolerance_mm)
    store.save("a method", "case.1", "key", score)
    loaded = store.load("a method", "case.1", "key")
    assert loaded is not None
    assert loaded.classes == score.classes
    assert loaded.voxel_mm3 == score.voxel_mm3
    assert list(loaded.lesions) == list(score.lesions)
    for column in fields(score.lesions):
        assert getattr(loaded.lesions, column.name).dtype == getattr(score.lesions, column.name).dtype
    assert (loaded.surfaces is None) == (score.surfaces is None)
    if score.surfaces is not None and loaded.surfaces is not None:
        for class_id, surface in score.surfaces.items():
            np.testing.assert_array_equal(astuple(loaded.surfaces[class_id]), astuple(surface))


def test_another_key_is_not_found(store: ResultStore) -> None:
    store.save("method", "case", "key", _score())
    assert store.load("method", "case", "another") is None
    assert store.load("method", "other", "key") is None


@pytest.mark.parametrize("damage", [b"", b"oops", None])
def test_what_is_damaged_is_as_good_as_not_there(store: ResultStore, damage: bytes | None) -> None:
    store.save("method", "case", "key", _score())
    path = store.folder / "method" / "case.npz"
    path.write_bytes(path.read_bytes()[:-200] if damage is None else damage)
    assert store.load("method", "case", "key") is None


def test_the_key_is_made_of_all_that_counts(store: ResultStore, files: tuple[Path, Path]) -> None:
    reference, prediction = files
    keys = [
        store.keys(reference, {"m": prediction})["m"],
        store.keys(prediction, {"m": reference})["m"],
        store.keys(reference, {"m": None})["m"],
        replace(store, details=True).keys(reference, {"m": prediction})["m"],
        replace(store, version="2").keys(reference, {"m": prediction})["m"],
        replace(store, protocol=replace(MSWAL_1, id="mswal/2")).keys(reference, {"m": prediction})["m"],
    ]
    assert len(set(keys)) == len(keys)


def test_the_key_is_of_the_content_not_of_the_name(store: ResultStore, files: tuple[Path, Path]) -> None:
    reference, prediction = files
    moved = prediction.rename(prediction.with_name("moved"))
    first = store.keys(reference, {"m": moved})
    moved.write_text("prediction")
    assert store.keys(reference, {"other": moved})["other"] == first["m"]
    moved.write_text("changed")
    assert store.keys(reference, {"m": moved}) != first


def test_an_unreadable_file_has_no_key(store: ResultStore, files: tuple[Path, Path]) -> None:
    reference, prediction = files
    assert store.keys(reference, {"m": prediction.with_name("nowhere")}) == {}
    assert store.keys(reference.with_name("nowhere"), {"m": prediction}) == {}
