from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.link_or_copy import Way
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.benchmark.data.prepare import prepare_dataset as module
from mswal_bench.benchmark.data.prepare.prepare_dataset import prepare_dataset
from mswal_bench.benchmark.volumes.label_maps import read_label_map
from mswal_bench.splits import load_split, read_split

from .preparing import contents, problems
from .user_folders import kits_folder, lits_folder, write

if TYPE_CHECKING:
    from .conftest import MakeFolder


def test_public_cases_become_a_raw_data_set_with_the_split_frozen(make_mswal: MakeFolder, tmp_path: Path) -> None:
    source, out = make_mswal(image="MSWAL_{:04d}.nii.gz", licence="ask its authors"), tmp_path / "raw"
    before = contents(source)
    prepared = prepare_dataset(source, out)
    assert prepared.placed == {Way.HARD_LINK: 968}
    assert sorted(path.name for path in out.iterdir()) == [
        ".prepare.lock", "dataset.json", "imagesTr", "labelsTr", "prepared.json", "split.json",
    ]  # fmt: skip
    assert (out / "imagesTr" / "MSWAL_0007_0000.nii.gz").read_text() == "MSWAL_0007.nii.gz"
    description = json.loads((out / "dataset.json").read_text())
    assert (description["numTraining"], description["numTest"], description["file_ending"]) == (484, 0, ".nii.gz")
    assert description["labels"]["kidney_cyst"] == 7
    assert description["licence"] == "ask its authors"
    assert not {"training", "test"} & description.keys()
    # The digest of a run's record is that of the file, though no test image is there.
    split = read_split(out / "split.json")
    assert (len(split.train), len(split.test)) == (484, 210)
    assert open_dataset(out).split.digest == split.digest == prepared.split.digest
    assert len(prepared.hidden) == 210
    files = json.loads((out / "prepared.json").read_text())["files"]
    assert files["imagesTr/MSWAL_0007_0000.nii.gz"]["source"] == "imagesTr/MSWAL_0007.nii.gz"
    assert files["labelsTr/MSWAL_0007.nii.gz"]["source"] == "labelsTr/MSWAL_0007.nii.gz"
    assert contents(source) == before


@pytest.mark.parametrize("which", ["src", "src/imagesTr", "raw"])
def test_a_folder_that_may_not_be_read(
    make_mswal: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    source, out = make_mswal(train=2, test=1), tmp_path / "raw"
    prepare_dataset(source, out, partial=True)
    shut = tmp_path / which
    iterdir, is_dir = Path.iterdir, Path.is_dir

    def refused(path: Path) -> Iterator[Path]:
        if path == shut:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return iterdir(path)

    def hidden(path: Path) -> bool:
        # What is within a folder that may not be entered cannot be asked for either.
        if path.parent == shut:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return is_dir(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", refused)
        patch.setattr(Path, "is_dir", hidden)
        (line,) = problems(source, out, partial=True)
    assert line.startswith(str(shut))
    assert "cannot be read (Permission denied)" in line


@pytest.mark.parametrize("kind", ["lits", "kits"])
def test_a_folder_below_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    source = (lits_folder if kind == "lits" else kits_folder)(tmp_path / "src")
    shut = next(path for path in source.iterdir() if path.is_dir())
    scandir = os.scandir

    def refused(path: str) -> object:
        if Path(path) == shut:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    (line,) = problems(source, tmp_path / "raw", kind=kind, partial=True)
    assert line == f"{shut}: cannot be read (Permission denied)."


def test_one_ending_for_all(make_mswal: MakeFolder, tmp_path: Path) -> None:
    source = make_mswal(image="MSWAL_{:04d}_0000.nii", label="MSWAL_{:04d}.nii", train=3, test=2)
    prepare_dataset(source, tmp_path / "plain", partial=True)
    assert json.loads((tmp_path / "plain" / "dataset.json").read_text())["file_ending"] == ".nii"
    (source / "labelsTr" / "MSWAL_0002.nii").rename(source / "labelsTr" / "MSWAL_0002.nii.gz")
    prepared = prepare_dataset(source, tmp_path / "mixed", partial=True)
    assert prepared.placed == {Way.PACKED: 5, Way.HARD_LINK: 1}
    assert json.loads((tmp_path / "mixed" / "dataset.json").read_text())["file_ending"] == ".nii.gz"
    assert len(open_dataset(tmp_path / "mixed").train) == 3


@pytest.mark.parametrize("name", ["patients.csv", "cases.csv"])
def test_the_table_of_patients_comes_along_under_the_ids(make_mswal: MakeFolder, tmp_path: Path, name: str) -> None:
    """Also under the name that earlier versions gave it."""
    source = make_mswal(image="wab_MSWAL_{:04d}.nii.gz", label="wab_MSWAL_{:04d}.nii.gz", train=2, test=1)
    (source / name).write_text('case,sex,note\nwab_MSWAL_0001,male,"a, b"\nwab_MSWAL_0099,male,\n\n')
    out = tmp_path / "raw"
    prepare_dataset(source, out, partial=True)
    assert (out / "patients.csv").read_text() == 'case,sex,note\nMSWAL_0001,male,"a, b"\n'
    assert not (out / "cases.csv").exists()
    before = contents(out)
    prepare_dataset(source, out, partial=True)
    assert contents(out) == before


def test_nothing_is_written_when_the_source_is_wrong(make_mswal: MakeFolder, tmp_path: Path) -> None:
    problems(make_mswal(train=3), tmp_path / "raw")
    assert not (tmp_path / "raw").exists()


def test_a_folder_with_something_else_is_refused_untouched(make_mswal: MakeFolder, tmp_path: Path) -> None:
    source, out = make_mswal(train=2, test=1), tmp_path / "raw"
    out.mkdir()
    (out / "thesis.tex").touch()
    (line,) = problems(source, out, partial=True)
    assert "holds something other than a data set prepared here" in line
    assert list(out.iterdir()) == [out / "thesis.tex"]
    (out / "thesis.tex").rename(tmp_path / "thesis.tex")
    prepare_dataset(source, out, partial=True)
    write(out / "labelsTr" / "MSWAL_0009.nii.gz")
    (line,) = problems(source, out, partial=True)
    assert "holds files that the source has not: labelsTr/MSWAL_0009.nii.gz" in line
    (line,) = problems(source, tmp_path / "thesis.tex", partial=True)
    assert "is not a folder" in line
    (line,) = problems(source, tmp_path / "thesis.tex" / "raw", partial=True)
    assert "cannot be written (Not a directory)" in line


def test_a_full_disk_is_a_sentence(make_mswal: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> Way:
        raise OSError(errno.ENOSPC, "No space left on device")

    source = make_mswal(train=2, test=1)
    with monkeypatch.context() as patch:
        patch.setattr(module, "place", full)
        (line,) = problems(source, tmp_path / "raw", partial=True)
    assert "raw: cannot be written (No space left on device). What is done stays" in line
    assert len(prepare_dataset(source, tmp_path / "raw", partial=True).dataset.train) == 2


@pytest.mark.parametrize("inside", [".", "raw", "imagesTr/raw"])
def test_the_source_is_not_written_to(make_mswal: MakeFolder, inside: str) -> None:
    source = make_mswal(train=2, test=1)
    before = contents(source)
    (line,) = problems(source, source / inside, partial=True)
    assert "the folder that is read" in line
    assert contents(source) == before


def test_relative_paths(make_mswal: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_mswal(train=2, test=1)
    monkeypatch.chdir(tmp_path)
    prepare_dataset(Path("src"), Path("raw"), partial=True)
    monkeypatch.chdir(tmp_path / "src")
    assert not prepare_dataset(Path(), Path("../raw"), partial=True).placed
    assert len(open_dataset(tmp_path / "raw").train) == 2


def test_lits_and_kits_whole(tmp_path: Path) -> None:
    for kind, make, count in (("lits", lits_folder, 131), ("kits", kits_folder, 489)):
        prepared = prepare_dataset(make(tmp_path / kind), tmp_path / f"raw-{kind}", kind=kind)
        assert prepared.placed == {Way.HARD_LINK: 2 * count}
        dataset = open_dataset(tmp_path / f"raw-{kind}")
        assert dataset.split == load_split(kind)
        assert tuple(dataset.train) == dataset.split.train
        assert tuple(dataset.test) == dataset.split.test
        assert dataset.test_labels is not None


def test_kits_labels_keep_voxels_and_geometry(kits_raters: Path, tmp_path: Path) -> None:
    """On label maps of KiTS23 itself, whose first axis is the slices', with the values that they are published with."""
    for path in sorted((kits_raters / "rater1").iterdir(), key=lambda path: path.stat().st_size)[:2]:
        label = SimpleITK.ReadImage(str(path))
        values = SimpleITK.ChangeLabel(label, {4: 2, 7: 3})
        folder = tmp_path / "kits23" / "dataset" / f"case_{path.name[5:10]}"
        folder.mkdir(parents=True)
        SimpleITK.WriteImage(values, str(folder / "segmentation.nii.gz"), useCompression=True)
        image = SimpleITK.Cast(values, SimpleITK.sitkInt16)
        SimpleITK.WriteImage(image, str(folder / "imaging.nii.gz"), useCompression=True)
    prepared = prepare_dataset(tmp_path / "kits23", tmp_path / "raw", kind="kits", partial=True)
    labels = json.loads((tmp_path / "raw" / "dataset.json").read_text())["labels"]
    cases = {**prepared.dataset.train, **prepared.dataset.test}
    assert len(cases) == 2
    for case in cases.values():
        assert case.label is not None
        original = SimpleITK.ReadImage(str(kits_raters / "rater1" / case.id.replace("case_", "KiTS_")) + ".nii.gz")
        made = SimpleITK.ReadImage(str(case.label))
        image = SimpleITK.ReadImage(str(case.image))
        # Slices lie along the first axis, from the head down.
        assert made.GetDirection() == (0, 0, 1, 0, 1, 0, -1, 0, 0)
        for one in (made, image):
            assert one.GetSize() == original.GetSize()
            assert one.GetSpacing() == original.GetSpacing()
            assert one.GetOrigin() == original.GetOrigin()
            assert one.GetDirection() == original.GetDirection()
        theirs, ours = SimpleITK.GetArrayFromImage(original), SimpleITK.GetArrayFromImage(made)
        assert np.array_equal(ours == labels["kidney_tumor"], theirs == 4)
        assert np.array_equal(ours == labels["kidney_cyst"], theirs == 7)
        # What the scorer reads has the same voxels of each class.
        foreground = read_label_map(case.label, max(labels.values()))
        for ours_id, theirs_id in ((labels["kidney_tumor"], 4), (labels["kidney_cyst"], 7)):
            assert foreground.of_class(ours_id).lengths.sum() == np.count_nonzero(theirs == theirs_id)
