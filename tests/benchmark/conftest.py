"""Scores for the tests of what is made from them, and what is read for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from numpy.typing import NDArray

from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring.scores import Scores, scores_of
from mswal_bench.benchmark.volumes import label_maps
from mswal_bench.benchmark.volumes.stored_volume import StoredVolume, read_voxels
from mswal_bench.metrics import CaseScore, ClassCounts, score_case
from mswal_bench.metrics.foreground import empty_foreground

from .fake_slurm import FakeSlurm

Counts = tuple[int, int, int, int]
MakeTable = Callable[..., Scores]


@pytest.fixture(scope="session")
def make_table() -> MakeTable:
    """`make_table({method: [{class key: (DSC in percent, tp, fp, fn)}, ... one a case]}, missing=...)`."""

    def make(methods: dict[str, list[dict[str, Counts]]], missing: dict[str, tuple[str, ...]] | None = None) -> Scores:
        cases = {
            name: {f"case_{number}": _case(classes) for number, classes in enumerate(of_method, start=1)}
            for name, of_method in methods.items()
        }
        return scores_of(MSWAL_1, cases, missing=missing)

    return make


@pytest.fixture(scope="session")
def two_methods(make_table: MakeTable) -> Scores:
    """Two methods over two cases with three classes; the second method lacks a prediction."""
    return make_table(
        {
            "first": [
                {"gallstone": (90, 1, 0, 0), "liver_tumor": (50, 1, 1, 1)},
                {"gallstone": (80, 1, 0, 0), "kidney_cyst": (40, 1, 2, 1)},
            ],
            "second_one": [
                {"gallstone": (70, 1, 1, 0), "liver_tumor": (60, 2, 1, 0)},
                {"gallstone": (0, 0, 0, 1), "kidney_cyst": (40, 1, 2, 1)},
            ],
        },
        missing={"second_one": ("case_2",)},
    )


def _case(classes: dict[str, Counts]) -> CaseScore:
    counts = {}
    for lesion in MSWAL_1.lesion_classes:
        if lesion.key in classes:
            dsc_percent, tp, fp, fn = classes[lesion.key]
            counts[lesion.id] = ClassCounts(100, 100, dsc_percent, tp, fp, fn)
        else:
            counts[lesion.id] = ClassCounts(0, 0, 0, 0, 0, 0)
    none = empty_foreground((1, 1, 1))
    return replace(score_case(none, none, (1.0, 1.0, 1.0), MSWAL_1.class_ids), classes=counts)


@pytest.fixture
def voxels_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the label maps whose voxels were read in this process, one each time."""
    names: list[str] = []

    def noted(stored: StoredVolume) -> Iterator[NDArray[Any]]:
        names.append(stored.file.name.rpartition("/")[2])
        return read_voxels(stored)

    monkeypatch.setattr(label_maps, "read_voxels", noted)
    return names


@pytest.fixture
def fake_slurm(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> FakeSlurm:
    """A cluster that runs nothing, in the place of any that may be there."""
    fake = FakeSlurm(tmp_path_factory.mktemp("slurm"))
    monkeypatch.setenv("PATH", f"{fake.commands}:{os.environ['PATH']}")
    for name in [name for name in os.environ if name.startswith("SLURM_")]:
        monkeypatch.delenv(name)
    return fake
