from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import astuple, fields, replace
from fractions import Fraction
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

import mswal_bench
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring import case_store
from mswal_bench.benchmark.scoring.case_store import ResultStore, StoreError
from mswal_bench.metrics import CaseScore, score_case


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / "store", MSWAL_1)


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
    store.save("key", score)
    loaded = store.load("key", surfaces=nsd_tolerance_mm is not None)
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


def test_a_score_with_surfaces_serves_without_them_but_not_the_other_way(store: ResultStore) -> None:
    store.save("with", _score(2.0))
    store.save("without", _score())
    served = store.load("with", surfaces=False)
    assert served is not None
    # What took its time is not forgotten because nobody asks for it now.
    assert served.surfaces is not None
    assert store.load("without", surfaces=True) is None


def test_another_key_is_not_found(store: ResultStore) -> None:
    store.save("key", _score())
    assert store.load("another", surfaces=False) is None


def test_what_is_damaged_is_as_good_as_not_there_or_the_same(store: ResultStore) -> None:
    store.save("key", _score(2.0))
    path = store.folder / "key.npz"
    whole, wanted = path.read_bytes(), _score(2.0)
    for data in (b"", b"oops", whole[:-200]):
        path.write_bytes(data)
        assert store.load("key", surfaces=False) is None
    random = np.random.default_rng(0)
    for place in random.integers(0, len(whole), 300).tolist():
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << int(random.integers(8))]) + whole[place + 1 :])
        found = store.load("key", surfaces=True)
        # Bits that no checksum covers, such as those of a date, change nothing.
        assert found is None or (found.classes == wanted.classes and list(found.lesions) == list(wanted.lesions))


def test_the_key_is_made_of_all_that_counts(
    store: ResultStore, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, prediction = files
    keys = [
        store.keys(reference, {"m": prediction})["m"],
        store.keys(prediction, {"m": reference})["m"],
        store.keys(reference, {"m": None})["m"],
        replace(store, protocol=replace(MSWAL_1, match_iou=Fraction(3, 4))).keys(reference, {"m": prediction})["m"],
    ]
    monkeypatch.setattr(case_store, "digest_of_the_code", lambda: "another")
    keys.append(store.keys(reference, {"m": prediction})["m"])
    assert len(set(keys)) == len(keys)


def test_the_key_is_of_the_content_not_of_the_name(store: ResultStore, files: tuple[Path, Path]) -> None:
    reference, prediction = files
    first = store.keys(reference, {"m": prediction})["m"]
    moved = prediction.rename(prediction.with_name("moved"))
    assert store.keys(reference, {"other": moved})["other"] == first
    moved.write_text("changed")
    assert store.keys(reference, {"other": moved})["other"] != first


def test_what_is_no_readable_file_has_no_key(store: ResultStore, files: tuple[Path, Path]) -> None:
    reference, prediction = files
    os.mkfifo(prediction.with_name("pipe"))
    for name in ("nowhere", "pipe", "."):
        assert store.keys(reference, {"m": prediction.with_name("x").parent / name}) == {}
    assert store.keys(reference.with_name("nowhere"), {"m": prediction}) == {}


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        ResultStore(tmp_path / "file" / "store", MSWAL_1).save("key", _score())


def _imported(path: Path, root: Path) -> Iterator[str]:
    """The files of this project that a module imports."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            module = [*package] if node.level else []
            module += node.module.split(".") if node.module else []
            parts = module if node.level else module[1:]
            for name in node.names:
                yield "/".join([*parts, name.name]) + ".py"
            yield "/".join(parts) + ".py"


def test_all_modules_that_a_score_comes_from_are_in_the_key() -> None:
    root = Path(next(iter(mswal_bench.__path__)))
    found: set[str] = set()
    waiting = {"benchmark/scoring/score_files.py"}
    while waiting:
        name = waiting.pop()
        of_scoring = name.startswith(("metrics/", "benchmark/volumes/", "benchmark/scoring/"))
        if of_scoring and name != "benchmark/scoring/case_store.py" and (root / name).is_file():
            found.add(name)
            waiting |= set(_imported(root / name, root)) - found
    assert "metrics/components.py" in found
    assert found == set(case_store.SCORED_BY)


def test_a_change_of_a_package_is_a_change_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    before = case_store.digest_of_the_code()
    case_store.digest_of_the_code.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(metadata, "version", lambda name: "0")
        assert case_store.digest_of_the_code() != before
    case_store.digest_of_the_code.cache_clear()
    assert case_store.digest_of_the_code() == before
