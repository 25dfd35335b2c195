"""Where the `dataset.json` of label maps may be, and what scores are called by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.labels_beside import descriptions_of, labels_beside
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1, protocol_of_label_maps
from mswal_bench.benchmark.scoring.score_files import score_files
from mswal_bench.benchmark.scoring.score_folders import score_folders

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

LIVER = {"background": 0, "liver": 1, "liver tumour": 2}
KIDNEY = {"background": 0, "kidney": 1}


@pytest.fixture
def folder(tmp_path: Path, save_labels: SaveLabels) -> Path:
    labels = np.zeros((4, 6, 6), np.uint8)
    labels[1:3, 1:5, 1:5], labels[1:3, 2:4, 2:4] = 1, 2
    save_labels(tmp_path / "raw" / "labelsTs" / "a.nii.gz", labels)
    return tmp_path / "raw" / "labelsTs"


def describe(folder: Path, labels: object) -> None:
    (folder / "dataset.json").write_text(json.dumps({"labels": labels}))


def test_without_one_they_are_of_mswal(folder: Path) -> None:
    assert labels_beside(folder) is None
    assert protocol_of_label_maps(folder) is MSWAL_1
    assert protocol_of_label_maps(folder / "a.nii.gz") is MSWAL_1


def test_it_is_in_the_folder_or_beside_it(folder: Path) -> None:
    describe(folder.parent, LIVER)
    for of in (folder, folder / "a.nii.gz"):
        assert labels_beside(of) == (LIVER, str(folder.parent / "dataset.json"))
        assert protocol_of_label_maps(of).id == "mswal/1 on liver+liver_tumor"
    describe(folder, KIDNEY)
    assert labels_beside(folder) == (KIDNEY, str(folder / "dataset.json"))


def test_of_a_link_it_is_around_its_name_or_its_end(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    link = tmp_path / "mine" / "labels"
    link.symlink_to(folder)
    describe(folder.parent, LIVER)
    assert labels_beside(link) == (LIVER, str(folder.parent / "dataset.json"))
    describe(tmp_path / "mine", KIDNEY)
    assert labels_beside(link) == (KIDNEY, str(tmp_path / "mine" / "dataset.json"))


def test_of_a_folder_that_is_named_from_inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    describe(folder.parent, LIVER)
    monkeypatch.chdir(folder)
    assert labels_beside(Path()) == (LIVER, str(folder.parent / "dataset.json"))
    assert len(descriptions_of(Path())) == 2


@pytest.mark.parametrize("content", ["{", "[]", "{}", '"labels"', "a link to nowhere"])
def test_one_that_does_not_say_is_not_passed_over(content: str, folder: Path) -> None:
    path = folder.parent / "dataset.json"
    if content == "a link to nowhere":
        path.symlink_to(folder / "nothing")
    else:
        path.write_text(content)
    with pytest.raises(BenchError, match=r"raw/dataset\.json: does not describe labels: expected .* move it away"):
        labels_beside(folder)


def test_mswal_in_any_spelling(folder: Path) -> None:
    describe(folder, {"background": 0, **{lesion.plural.upper(): lesion.id for lesion in LESION_CLASSES}})
    assert protocol_of_label_maps(folder) is MSWAL_1


def test_scores_have_its_names(folder: Path) -> None:
    describe(folder.parent, LIVER)
    scores = score_folders([folder], folder, jobs=1)
    assert (scores.protocol.id, [*scores["labelsTs"]]) == ("mswal/1 on liver+liver_tumor", ["liver", "liver_tumor"])
    assert set(score_files(folder / "a.nii.gz", folder / "a.nii.gz").classes) == {1, 2}
    assert score_folders([folder], folder, jobs=1, protocol=MSWAL_1).protocol is MSWAL_1


def test_labels_that_cannot_be_scored_are_told_with_what_else_is_wrong(folder: Path) -> None:
    describe(folder.parent, {"background": 0, "whole": [1, 2]})
    with pytest.raises(BenchError, match=r"(?s)no such folder.*labels are regions"):
        score_folders([folder.parent / "mine"], folder, jobs=1)
    with pytest.raises(BenchError, match="labels are regions"):
        score_folders([folder], folder, jobs=1)
