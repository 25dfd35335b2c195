import json
import shutil
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.splits import Split


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Two training cases, one test case, all labelled; the volumes are empty, for opening reads none."""
    root = tmp_path / "raw"
    for folder, names in {
        "imagesTr": ("A_0000", "B_0000"),
        "labelsTr": ("A", "B"),
        "imagesTs": ("C_0000",),
        "labelsTs": ("C",),
    }.items():
        (root / folder).mkdir(parents=True)
        for name in names:
            (root / folder / f"{name}.nii.gz").touch()
    describe(root)
    return root


def describe(root: Path, **changes: object) -> None:
    description = {"name": "Toy", "labels": {"background": 0}, "numTraining": 2, "file_ending": ".nii.gz"} | changes
    (root / "dataset.json").write_text(json.dumps(description))


def problems(root: Path) -> list[str]:
    with pytest.raises(BenchError) as caught:
        open_dataset(root)
    return [str(problem) for problem in caught.value.problems]


def test_finds_every_case(raw):
    dataset = open_dataset(raw)
    assert dataset.name == "Toy"
    assert list(dataset.train) == ["A", "B"]
    assert list(dataset.test) == ["C"]
    assert dataset.train["A"].image == raw / "imagesTr" / "A_0000.nii.gz"
    assert dataset.train["A"].label == raw / "labelsTr" / "A.nii.gz"
    assert dataset.test_labels == raw / "labelsTs"
    assert (dataset.split.train, dataset.split.test) == (("A", "B"), ("C",))


def freeze(root: Path, **parts: list[str]) -> Split:
    split = Split("frozen", tuple(parts["train"]), tuple(parts["test"]))
    (root / "split.json").write_text(json.dumps({"name": split.name, "digest": split.digest, **parts}))
    return split


def test_a_frozen_split_is_the_split(raw):
    split = freeze(raw, train=["A", "B"], test=["C"])
    assert open_dataset(raw).split == split


def test_a_frozen_split_may_hold_test_cases_none_of_which_is_there(raw):
    shutil.rmtree(raw / "imagesTs")
    shutil.rmtree(raw / "labelsTs")
    split = freeze(raw, train=["A", "B"], test=["C", "D"])
    dataset = open_dataset(raw)
    assert dataset.split == split
    assert dataset.split.digest == split.digest
    assert not dataset.test


@pytest.mark.parametrize(
    ("train", "test", "differing"),
    [(["A"], ["C"], "B"), (["A", "B", "X"], ["C"], "X"), (["A", "B"], ["C", "D"], "D"), (["A", "B"], ["D"], "C, D")],
)
def test_a_frozen_split_of_other_cases_is_refused(raw, train, test, differing):
    freeze(raw, train=train, test=test)
    (line,) = problems(raw)
    assert f"split.json: freezes another split than the folders make; they differ in {differing}." in line


def test_a_frozen_split_that_somebody_changed_is_refused(raw):
    freeze(raw, train=["A", "B"], test=["C"])
    text = (raw / "split.json").read_text()
    (raw / "split.json").write_text(text.replace('"C"', '"D"'))
    (line,) = problems(raw)
    assert "the digest is not that of the cases" in line


def test_test_labels_may_be_absent(raw):
    (raw / "labelsTs" / "C.nii.gz").unlink()
    (raw / "labelsTs").rmdir()
    dataset = open_dataset(raw)
    assert dataset.test_labels is None
    assert dataset.test["C"].label is None


def test_hidden_files_are_passed_over(raw):
    (raw / "imagesTr" / ".DS_Store").touch()
    assert len(open_dataset(raw).train) == 2


def test_all_problems_come_in_one_go(raw):
    (raw / "labelsTr" / "A.nii.gz").unlink()
    (raw / "imagesTr" / "B_0000.nii.gz").unlink()
    (raw / "imagesTs" / "D_0000.nii.gz").touch()
    (raw / "imagesTr" / "notes.txt").touch()
    found = problems(raw)
    assert len(found) == 4
    assert any("A_0000.nii.gz: the case has no label: expected labelsTr/A.nii.gz" in line for line in found)
    assert any("B.nii.gz: the label has no image: expected imagesTr/B_0000.nii.gz" in line for line in found)
    assert any("D_0000.nii.gz: the case has no label: expected labelsTs/D.nii.gz" in line for line in found)
    assert any("notes.txt: is not named like a volume" in line for line in found)


def test_two_files_for_one_case(raw):
    (raw / "imagesTr" / "A_0000.nii").touch()
    (line,) = problems(raw)
    assert "there are 2 files for the case A" in line
    assert "A_0000.nii and A_0000.nii.gz" in line


def test_an_image_without_its_channel_number(raw):
    (raw / "imagesTr" / "A_0000.nii.gz").rename(raw / "imagesTr" / "A.nii.gz")
    assert any("expected CASE_0000.nii.gz, found A.nii.gz" in line for line in problems(raw))


def test_another_ending_than_announced(raw):
    (raw / "imagesTs" / "C_0000.nii.gz").rename(raw / "imagesTs" / "C_0000.mha")
    assert any("C_0000.mha: has another file ending" in line for line in problems(raw))


def test_a_case_in_both_subsets(raw):
    (raw / "imagesTs" / "A_0000.nii.gz").touch()
    (raw / "labelsTs" / "A.nii.gz").touch()
    (line,) = problems(raw)
    assert "A: the case is in imagesTr and in imagesTs" in line


def test_a_number_of_cases_that_is_not_the_announced(raw):
    describe(raw, numTraining=3)
    (line,) = problems(raw)
    assert "expected 3 cases in imagesTr, found 2" in line


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_an_unusable_description(raw, content):
    (raw / "dataset.json").write_text(content)
    (line,) = problems(raw)
    assert "dataset.json" in line


def test_not_a_data_set(tmp_path):
    (line,) = problems(tmp_path / "absent")
    assert "there is no such folder" in line
    (line,) = problems(tmp_path)
    assert "has no dataset.json" in line
    assert "found an empty folder" in line


def test_a_link_to_nothing(raw):
    (raw / "imagesTr" / "A_0000.nii.gz").unlink()
    (raw / "imagesTr" / "A_0000.nii.gz").symlink_to(raw / "nowhere")
    (line,) = problems(raw)
    assert "A_0000.nii.gz: is a link to a file that is not there" in line


def test_no_training_case(raw):
    for path in (*(raw / "imagesTr").iterdir(), *(raw / "labelsTr").iterdir()):
        path.unlink()
    (line,) = problems(raw)
    assert "there is no training case" in line


def test_an_image_and_a_label_whose_names_look_the_same(tmp_path: Path) -> None:
    for folder, name in (("imagesTr", "caf\xe9_0000"), ("labelsTr", "cafe\u0301")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.nii.gz").touch()
    describe(tmp_path, numTraining=1)
    without_a_pair = [problem for problem in problems(tmp_path) if "has no" in problem]
    assert len(without_a_pair) == 2
    assert all("differ in Unicode normalisation alone" in problem for problem in without_a_pair)
