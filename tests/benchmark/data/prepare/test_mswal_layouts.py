from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.prepare.mswal_layouts import find_mswal
from mswal_bench.splits import Split

from .user_folders import write

if TYPE_CHECKING:
    from .conftest import MakeFolder

IDS = [f"MSWAL_{number:04d}" for number in range(1, 695)]
OFFICIAL = Split("mswal", tuple(IDS[:484]), tuple(IDS[484:]))


def problems(root: Path, **options: bool) -> list[str]:
    with pytest.raises(BenchError) as caught:
        find_mswal(root, **options)
    return [str(problem) for problem in caught.value.problems]


def test_as_on_the_hub(make_mswal: MakeFolder) -> None:
    source = find_mswal(make_mswal())
    assert source.split == OFFICIAL
    assert list(source.train) == IDS[:484]
    assert source.train["MSWAL_0001"].image.name == "MSWAL_0001_0000.nii.gz"
    assert source.train["MSWAL_0001"].label == source.root / "labelsTr" / "MSWAL_0001.nii.gz"
    assert not source.test
    assert not source.notes


@pytest.mark.parametrize(
    ("files", "split"),
    [
        ({"image": "MSWAL_{:04d}.nii.gz"}, OFFICIAL),
        ({"image": "wab_MSWAL_{:04d}_0000.nii.gz", "label": "wab_MSWAL_{:04d}.nii.gz"}, OFFICIAL),
        ({"image": "wab_{:04d}.nii.gz", "label": "wab_{:04d}.nii.gz"}, OFFICIAL),
        ({"image": "mswal-{}.nii", "label": "MSWAL_{:04d}.nii.gz"}, OFFICIAL),
        ({"listed_as": "wab_{:04d}"}, OFFICIAL),
        ({"listed_as": "MSWAL_{:04d}_0000"}, OFFICIAL),
        ({"described": False, "test_images": True}, OFFICIAL),
        ({"test_images": True, "test_labels": True}, OFFICIAL),
    ],
)
def test_the_same_split_from_every_layout(make_mswal: MakeFolder, files: dict[str, object], split: Split) -> None:
    source = find_mswal(make_mswal(**files))
    assert source.split.digest == split.digest


def test_a_folder_under_another_name_one_or_two_steps_above(make_mswal: MakeFolder, tmp_path: Path) -> None:
    root = make_mswal(root=tmp_path / "raw" / "Dataset321_Bauch")
    (tmp_path / "raw" / ".cache" / "imagesTr").mkdir(parents=True)
    assert find_mswal(tmp_path / "raw").root == root
    assert find_mswal(tmp_path).root == root


def test_one_of_several_folders_is_not_guessed(make_mswal: MakeFolder, tmp_path: Path) -> None:
    for name in ("Dataset001_A", "Dataset002_B"):
        make_mswal(root=tmp_path / name, train=1, test=0)
    (line,) = problems(tmp_path)
    assert "holds several data sets: expected one, found Dataset001_A, Dataset002_B" in line


@pytest.mark.parametrize("content", [None, "file.txt"])
def test_no_data_set(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / content).touch()
    (line,) = problems(tmp_path)
    expected = "holds no data set: expected a folder with imagesTr, labelsTr and dataset.json in it, found "
    assert expected + (content or "an empty folder") in line
    (line,) = problems(tmp_path / "absent")
    assert "there is no such folder" in line


def test_bare_numbers_are_kept_where_nothing_says_what_they_are(make_mswal: MakeFolder) -> None:
    names = "wab_{:04d}"
    source = find_mswal(make_mswal(image=f"{names}_0000.nii.gz", label=f"{names}.nii.gz", listed_as=names))
    assert "wab_0001" in source.train
    assert source.split.digest != OFFICIAL.digest
    (note,) = source.notes
    assert "nothing here says which case of MSWAL wab_0001 is" in note


def test_what_was_renamed_is_said(make_mswal: MakeFolder) -> None:
    source = find_mswal(make_mswal(image="wab_{:04d}_0000.nii.gz", label="wab_{:04d}.nii.gz"))
    assert source.renamed["wab_0484"] == "MSWAL_0484"
    assert source.notes == ("484 cases got the id of MSWAL, MSWAL_0001 for wab_0001",)


def test_other_counts_say_what_was_found(make_mswal: MakeFolder) -> None:
    root = make_mswal(train=480, test=208)
    lines = problems(root)
    assert "not the released training cases of MSWAL: expected 484 with image and label, found 480" in lines[0]
    assert 'not the test cases of MSWAL: expected 210 listed under "test", found 208 listed, 0 in imagesTs' in lines[1]
    source = find_mswal(root, partial=True)
    assert source.notes == ("this is taken for a part of MSWAL: scores on a part do not compare with those on all",)
    part = source.split
    assert (part.name, len(part.train), len(part.test)) == ("mswal-partial", 480, 208)
    assert part.digest != OFFICIAL.digest


def test_a_case_that_lacks_a_file_is_left_out_of_a_part(make_mswal: MakeFolder) -> None:
    """As in a download that was interrupted, which brings the labels first."""
    root = make_mswal(test_images=True, test_labels=True)
    for name in ("imagesTr/MSWAL_0003_0000", "imagesTr/MSWAL_0484_0000", "labelsTr/MSWAL_0009", "labelsTs/MSWAL_0485"):
        (root / f"{name}.nii.gz").unlink()
    source = find_mswal(root, partial=True)
    assert (len(source.train), len(source.test)) == (481, 209)
    assert not {"MSWAL_0003", "MSWAL_0484", "MSWAL_0009", "MSWAL_0485"} & {*source.split.train, *source.split.test}
    assert source.split.name == "mswal-partial"
    assert [note for note in source.notes if "left out" in note] == [
        "1 case without a label left out: MSWAL_0009",
        "2 cases without an image left out: MSWAL_0003, MSWAL_0484",
        "1 case without a label left out: MSWAL_0485",
    ]


def test_a_phantoms_split_is_called_one(make_mswal: MakeFolder, tmp_path: Path) -> None:
    source = find_mswal(make_mswal(phantom={"seed": 0}))
    assert (source.split.name, source.split.digest) == ("phantom", OFFICIAL.digest)
    part = find_mswal(make_mswal(root=tmp_path / "part", train=2, test=1, phantom={"seed": 0}), partial=True)
    assert part.split.name == "phantom-partial"


def test_the_whole_taken_for_a_part_is_the_whole(make_mswal: MakeFolder) -> None:
    assert find_mswal(make_mswal(), partial=True).split == OFFICIAL


def test_a_training_case_that_is_listed_and_not_there_is_named(make_mswal: MakeFolder) -> None:
    root = make_mswal()
    (root / "imagesTr" / "MSWAL_0017_0000.nii.gz").unlink()
    (root / "labelsTr" / "MSWAL_0017.nii.gz").unlink()
    (line,) = problems(root)
    assert "found 483" in line
    assert "Not there: MSWAL_0017." in line


def test_a_case_that_trains_and_tests(make_mswal: MakeFolder) -> None:
    root = make_mswal(test_images=True)
    write(root / "imagesTs" / "MSWAL_0003_0000.nii.gz")
    (root / "imagesTs" / "MSWAL_0485_0000.nii.gz").unlink()
    lines = problems(root)
    assert "1 case to train and to test: MSWAL_0003" in lines[0]
    assert "1 case in imagesTs that dataset.json does not list as a test case: MSWAL_0003" in lines[1]


def test_every_problem_in_one_go(make_mswal: MakeFolder) -> None:
    root = make_mswal(test_images=True, test_labels=True, labels={"background": 0, "kidney_stone": 1})
    (root / "labelsTr" / "MSWAL_0001.nii.gz").unlink()
    (root / "imagesTr" / "MSWAL_0002_0000.nii.gz").unlink()
    (root / "labelsTs" / "MSWAL_0690.nii.gz").unlink()
    write(root / "imagesTr" / "MSWAL_0004.nii.gz")
    write(root / "labelsTr" / "MSWAL_0005.mha")
    (root / "labelsTr" / "MSWAL_0006.nii.gz").unlink()
    (root / "labelsTr" / "MSWAL_0006.nii.gz").symlink_to("nowhere")
    text = "\n".join(problems(root))
    for words in (
        "labels other lesions than MSWAL",
        "MSWAL_0005.mha: is not a NIfTI file",
        "there are 2 files for MSWAL_0004",
        "MSWAL_0006.nii.gz: is a link to a file that is not there",
        "1 case without a label: MSWAL_0001",
        "1 case without an image: MSWAL_0002",
        "imagesTs: 1 case without a label: MSWAL_0690",
        "expected 484 with image and label, found 482",
    ):
        assert words in text


def test_some_of_the_test_images_are_not_enough(make_mswal: MakeFolder) -> None:
    root = make_mswal(test_images=True)
    (root / "imagesTs" / "MSWAL_0694_0000.nii.gz").unlink()
    (line,) = problems(root)
    assert "1 case without an image: MSWAL_0694" in line
    part = find_mswal(root, partial=True)
    assert len(part.test) == 209
    assert part.split.test == tuple(part.test)


def test_a_list_that_is_not_the_files(make_mswal: MakeFolder) -> None:
    root = make_mswal()
    description = json.loads((root / "dataset.json").read_text())
    description["training"] = [*description["training"][:400], "./imagesTr/other_1.nii.gz"]
    (root / "dataset.json").write_text(json.dumps(description))
    (note,) = find_mswal(root).notes
    assert "lists 1 training cases that are not there, and 84 that are there are not listed" in note


@pytest.mark.parametrize("test", [210, {"a": 1}, [1], [{"label": "x"}], "MSWAL_0485", [None], [""]])
def test_a_list_that_cannot_be_read(make_mswal: MakeFolder, test: object) -> None:
    lines = problems(_with_list(make_mswal, test))
    assert "has a list of cases that cannot be read" in lines[0]


def _with_list(make_mswal: MakeFolder, test: object) -> Path:
    root = make_mswal()
    description = json.loads((root / "dataset.json").read_text())
    (root / "dataset.json").write_text(json.dumps(description | {"test": test}))
    return root


def test_a_case_that_is_listed_twice(make_mswal: MakeFolder) -> None:
    root = _with_list(make_mswal, [f"{case}.nii.gz" for case in [*IDS[484:], IDS[500]]])
    (line,) = problems(root)
    assert "lists 1 case more than once: MSWAL_0501" in line


@pytest.mark.parametrize(("content", "words"), [("{", "not readable as JSON"), ("[]", "is not a description")])
def test_an_unusable_description(make_mswal: MakeFolder, content: str, words: str) -> None:
    root = make_mswal(train=1, test=0)
    (root / "dataset.json").write_text(content)
    (line,) = problems(root)
    assert words in line


def test_hidden_and_foreign_files_are_passed_over(make_mswal: MakeFolder) -> None:
    root = make_mswal()
    for name in (".DS_Store", "._MSWAL_0001_0000.nii.gz", ".partial-abc-MSWAL_0001_0000.nii.gz", "README.md"):
        write(root / "imagesTr" / name)
    (root / "labelsTr" / "old.nii.gz").mkdir()
    assert len(find_mswal(root).train) == 484


def test_nothing_to_train_on(make_mswal: MakeFolder) -> None:
    root = make_mswal(train=0, test=2)
    (line,) = problems(root, partial=True)
    assert "there is no training case" in line
