from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.lesion_classes import BY_KEY
from mswal_bench.benchmark.data.stats.dataset_statistics import DatasetStatistics, dataset_statistics, lesion_frame


def labels(*class_ids: int) -> np.ndarray:
    """One voxel of each class, apart from each other."""
    array = np.zeros((4, 8, 16), np.uint8)
    for place, class_id in enumerate(class_ids):
        array[1, 1, 2 * place] = class_id
    return array


def test_subsets_and_processes(save_dataset) -> None:
    root = save_dataset({"b": labels(1, 1), "a": labels(2)}, {"c": labels()})
    everything = dataset_statistics(root, jobs=1)
    assert [(case.case, case.subset, len(case.lesions or ())) for case in everything.cases] == [
        ("a", "train", 1),
        ("b", "train", 2),
        ("c", "test", 0),
    ]
    assert everything == dataset_statistics(root, jobs=2)
    assert [case.case for case in dataset_statistics(root, subset="train", jobs=1).cases] == ["a", "b"]
    assert [case.case for case in dataset_statistics(root, subset="test", jobs=1).cases] == ["c"]


def test_test_cases_without_label_maps_are_counted_as_scans(save_dataset) -> None:
    statistics = dataset_statistics(save_dataset({"a": labels(1)}, {"b": None}), jobs=1)
    assert [case.lesions is None for case in statistics.cases] == [False, True]
    assert not statistics.problems


def test_damaged_files_are_told_and_the_others_counted(save_dataset) -> None:
    root = save_dataset({"a": labels(1), "b": labels(2), "c": labels(3)})
    (root / "labelsTr" / "a.nii.gz").write_bytes(b"")
    (root / "imagesTr" / "b_0000.nii.gz").write_bytes(b"not a volume at all")
    (root / "patients.csv").write_text("case,sex\na,robot\n")
    statistics = dataset_statistics(root, jobs=2)
    assert [case.lesions is None for case in statistics.cases] == [True, False, False]
    texts = [str(problem) for problem in statistics.problems]
    assert len(texts) == 3
    assert all(name in text for name, text in zip(("a.nii.gz", "b_0000.nii.gz", "robot"), texts, strict=True))


def test_nothing_readable_is_an_error_with_every_problem(save_dataset) -> None:
    root = save_dataset({"a": labels(1), "b": labels(2)})
    for path in root.glob("*Tr/*.nii.gz"):
        path.write_bytes(b"")
    with pytest.raises(BenchError) as error:
        dataset_statistics(root, jobs=1)
    assert len(error.value.problems) == 4


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ({"background": 0, "liver": 1, "tumor": 2}, "not MSWAL's: expected 1 gallstone, .*, found 1 liver, 2 tumor"),
        ({f"label {value}": value for value in range(8)}, "seven labels that are not MSWAL's"),
        ({"background": 0}, "nothing but background"),
        (["background"], "not one whole number a name"),
        ({"whole": [1, 2], "part": 2}, "regions made of several values"),
    ],
)
def test_another_data_sets_labels_are_refused(save_dataset, others: object, says: str) -> None:
    root = save_dataset({"a": labels(1)})
    description = json.loads((root / "dataset.json").read_text())
    (root / "dataset.json").write_text(json.dumps(description | {"labels": others}))
    with pytest.raises(BenchError, match=says):
        dataset_statistics(root, jobs=1)


def test_a_subset_without_a_case_and_a_folder_without_a_data_set_are_refused(save_dataset, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="there is no test case"):
        dataset_statistics(save_dataset({"a": labels(1)}), subset="test")
    with pytest.raises(BenchError, match="there is no such folder"):
        dataset_statistics(tmp_path / "nowhere")


def test_a_row_a_lesion_in_order(paper_like: DatasetStatistics) -> None:
    lesions = lesion_frame(paper_like)
    every = [(case.case, one) for case in paper_like.cases for one in case.lesions or ()]
    assert list(lesions["case"]) == [case for case, _ in every]
    assert list(lesions["diameter_mm"]) == [one.diameter_mm for _, one in every]
    assert list(lesions["class"].map({key: one.id for key, one in BY_KEY.items()})) == [
        one.class_id for _, one in every
    ]
    assert list(lesions["size"] == "large") == [one.diameter_mm >= 20 for _, one in every]


def test_without_a_lesion_there_are_all_columns_and_classes(paper_like: DatasetStatistics) -> None:
    cases = (replace(paper_like.cases[0], lesions=()), replace(paper_like.cases[1], lesions=None))
    lesions = lesion_frame(replace(paper_like, cases=cases))
    assert lesions.empty
    assert list(lesions.columns) == list(lesion_frame(paper_like).columns)
    assert (lesions.dtypes == lesion_frame(paper_like).dtypes).all()
    assert list(lesions["class"].cat.categories) == list(BY_KEY)
