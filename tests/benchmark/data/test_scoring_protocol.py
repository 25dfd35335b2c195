import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.dataset import Dataset, open_dataset
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1, protocol_of
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.score_formats import format_table


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    for folder, name in {"imagesTr": "A_0000", "labelsTr": "A"}.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.nii.gz").touch()
    labels = {"background": 0, "liver": 1, "liver_tumor": 2}
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": labels, "numTraining": 1, "file_ending": ".nii.gz"}))
    return open_dataset(tmp_path)


def test_mswal_has_its_own(dataset):
    labels = {"background": 0, **{lesion.name: lesion.id for lesion in LESION_CLASSES}}
    assert protocol_of(replace(dataset, labels=labels)) is MSWAL_1


def test_another_data_set_has_the_rules_under_another_id(dataset):
    protocol = protocol_of(dataset)
    assert protocol.id == "mswal/1 on liver+liver_tumor"
    assert protocol.class_ids == (1, 2)
    assert replace(protocol, id=MSWAL_1.id, lesion_classes=MSWAL_1.lesion_classes) == MSWAL_1


def test_labels_that_cannot_be_scored_are_named_with_their_file(dataset):
    with pytest.raises(BenchError, match=r"dataset\.json: names nothing but background"):
        protocol_of(replace(dataset, labels={"background": 0}))


def test_scores_carry_the_names_of_the_data_set(dataset, save_labels, tmp_path):
    labels = np.zeros((6, 8, 8), np.uint8)
    labels[1:5, 1:5, 1:5] = 1
    labels[2:4, 2:4, 2:4] = 2
    for folder in ("reference", "mine"):
        save_labels(tmp_path / folder / "case.nii.gz", labels)
    result = score_folders([tmp_path / "mine"], tmp_path / "reference", jobs=1, protocol=protocol_of(dataset))
    text = format_table(result, "table")
    assert "Liver tumor" in text
    assert "Gallstone" not in text
    assert "Percent. Protocol mswal/1 on liver+liver_tumor, 1 case scored, none left out." in text
    assert list(result["mine"]) == ["liver", "liver_tumor"]


def test_a_label_of_mswal_is_none_of_another_data_set(dataset, save_labels, tmp_path):
    for folder in ("reference", "mine"):
        save_labels(tmp_path / folder / "case.nii.gz", np.full((4, 4, 4), 3, np.uint8))
    with pytest.raises(BenchError, match="values that are not labels: expected 0 to 2"):
        score_folders([tmp_path / "mine"], tmp_path / "reference", jobs=1, protocol=protocol_of(dataset))
