from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.prepare.found_cases import Source
from mswal_bench.benchmark.data.prepare.lits_kits import find_kits, find_lits
from mswal_bench.splits import load_split

from .user_folders import kits_folder, lits_folder, write


def problems(find: object, root: Path, **options: bool) -> list[str]:
    assert callable(find)
    with pytest.raises(BenchError) as caught:
        find(root, **options)
    return [str(problem) for problem in caught.value.problems]


def files(source: Source) -> set[str]:
    cases = [*source.train.values(), *source.test.values()]
    return {str(path.relative_to(source.root)) for case in cases for path in (case.image, case.label) if path}


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_lits_whole(tmp_path: Path, ending: str) -> None:
    source = find_lits(lits_folder(tmp_path, ending=ending))
    assert source.split == load_split("lits")
    assert (len(source.train), len(source.test)) == (105, 26)
    assert source.labels == {"background": 0, "liver": 1, "liver_tumor": 2}
    case = {**source.train, **source.test}["LITS_028"]
    assert case.image == tmp_path / "Training Batch 2" / f"volume-28{ending}"
    assert case.label == tmp_path / "Training Batch 2" / f"segmentation-28{ending}"
    assert source.name == "LiTS"
    assert not source.notes


def test_kits_whole(tmp_path: Path) -> None:
    source = find_kits(kits_folder(tmp_path))
    assert source.split == load_split("kits")
    assert (len(source.train), len(source.test)) == (391, 98)
    assert source.labels == {"background": 0, "kidney": 1, "kidney_tumor": 2, "kidney_cyst": 3}
    assert len(files(source)) == 2 * 489
    assert not [name for name in files(source) if "instances" in name]


def test_what_is_missing_is_named_and_may_be_passed_over(tmp_path: Path) -> None:
    root = lits_folder(tmp_path, range(4))
    (line,) = problems(find_lits, root)
    assert "of LiTS LITS_004, LITS_005" in line
    assert "expected 131 cases, found 4" in line
    source = find_lits(root, partial=True)
    assert source.split.name == "lits-partial"
    assert (source.split.train, source.split.test) == (("LITS_000", "LITS_002", "LITS_003"), ("LITS_001",))
    assert source.split.digest != load_split("lits").digest
    (note,) = source.notes
    assert "3 of 105 training and 1 of 26 test cases" in note


def test_kits_own_hidden_test_cases_are_left_out_and_said(tmp_path: Path) -> None:
    root = kits_folder(tmp_path)
    write(root / "dataset" / "case_00600" / "imaging.nii.gz")
    source = find_kits(root)
    assert source.split == load_split("kits")
    assert source.notes == ("1 case without labels left out: case_00600",)


def test_every_problem_in_one_go(tmp_path: Path) -> None:
    root = kits_folder(tmp_path)
    (root / "dataset" / "case_00001" / "segmentation.nii.gz").unlink()
    (root / "dataset" / "case_00002" / "imaging.nii.gz").unlink()
    shutil.rmtree(root / "dataset" / "case_00003")
    write(root / "copy" / "case_00004" / "imaging.nii.gz")
    (root / "dataset" / "case_00005" / "imaging.nii.gz").unlink()
    (root / "dataset" / "case_00005" / "imaging.nii.gz").symlink_to("nowhere")
    for name in ("imaging", "segmentation"):
        write(root / "dataset" / "case_00350" / f"{name}.nii.gz")
    text = "\n".join(problems(find_kits, root))
    for words in (
        "1 case without a label: case_00001",
        "1 case without an image: case_00002",
        "of KiTS case_00003 are not there",
        "there are 2 files for case_00004",
        "imaging.nii.gz: is a link to a file that is not there",
        "1 case that the split of KiTS does not know: case_00350",
    ):
        assert words in text


@pytest.mark.parametrize("lack", ["an image", "a label"])
def test_a_case_that_lacks_a_file_is_left_out_of_a_part(tmp_path: Path, lack: str) -> None:
    """As in a clone of KiTS23 whose images are still being fetched: every label is there."""
    root = kits_folder(tmp_path)
    for number in (2, 5, 400):
        (root / "dataset" / f"case_{number:05d}" / f"{'imaging' if 'i' in lack else 'segmentation'}.nii.gz").unlink()
    (line,) = problems(find_kits, root)
    assert f"3 cases without {lack}: case_00002, case_00005, case_00400" in line
    source = find_kits(root, partial=True)
    assert len(source.train) + len(source.test) == 486
    assert source.split.name == "kits-partial"
    assert {*source.split.train, *source.split.test} == {*source.train, *source.test}
    assert source.notes[1] == f"3 cases without {lack} left out: case_00002, case_00005, case_00400"


def test_labels_alone_are_no_part(tmp_path: Path) -> None:
    root = lits_folder(tmp_path)
    for path in root.rglob("volume-*"):
        path.unlink()
    (line,) = problems(find_lits, root, partial=True)
    assert "holds no training case of LiTS" in line


@pytest.mark.parametrize("partial", [False, True])
def test_the_other_data_set_is_none_of_this(tmp_path: Path, partial: bool) -> None:
    root = lits_folder(tmp_path, range(3))
    (line,) = problems(find_kits, root, partial=partial)
    assert "holds no case of KiTS: expected case_XXXXX/imaging.nii.gz" in line
    (line,) = problems(find_lits, tmp_path / "absent")
    assert "there is no such folder" in line


def test_a_part_without_a_training_case(tmp_path: Path) -> None:
    (line,) = problems(find_lits, lits_folder(tmp_path, range(1, 2)), partial=True)
    assert "holds no training case of LiTS" in line


def test_a_phantom_is_called_one(tmp_path: Path) -> None:
    root = lits_folder(tmp_path / "phantoms" / "lits", range(3))
    (root / "phantom.json").write_text(json.dumps({"seed": 0}))
    source = find_lits(tmp_path, partial=True)
    assert source.name == "LiTS phantom"
    assert source.extra == {"phantom": {"seed": 0}}
    (root / "phantom.json").write_text("{")
    (line,) = problems(find_lits, tmp_path, partial=True)
    assert "phantom.json: cannot be read as JSON" in line


def test_a_folder_that_is_called_like_its_volume(tmp_path: Path) -> None:
    """As one of the sites that LiTS is taken from packs it."""
    for number in range(3):
        for role in ("volume", "segmentation"):
            write(tmp_path / f"{role}-{number}.nii" / f"{role}-{number}.nii")
    assert len(files(find_lits(tmp_path, partial=True))) == 6
