from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.check.layout import lay_out
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.prepare.mswal_layouts import find_mswal
from mswal_bench.benchmark.data.raw_folder import RawCase, by_case, read_description, read_raw_folder

COMPOSED, DECOMPOSED = "caf\xe9", "cafe\u0301"
NOT_UTF8 = os.fsdecode(b"caf\xe9")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Two training cases and a test case, all labelled; the volumes are empty, for no reader of names opens one."""
    root = tmp_path / "raw"
    names = {"imagesTr": ["A_0000", "B_0000"], "labelsTr": ["A", "B"], "imagesTs": ["C_0000"], "labelsTs": ["C"]}
    for folder, stems in names.items():
        (root / folder).mkdir(parents=True)
        for stem in stems:
            (root / folder / f"{stem}.nii.gz").touch()
    describe(root)
    return root


def describe(root: Path, **changes: object) -> None:
    labels = {"background": 0, **{lesion.key: lesion.id for lesion in LESION_CLASSES}}
    description = {"labels": labels, "numTraining": 2, "file_ending": ".nii.gz"} | changes
    (root / "dataset.json").write_text(json.dumps(description))


def test_every_file_is_of_a_case(raw: Path) -> None:
    folder = read_raw_folder(raw, ".nii.gz")
    assert folder.train.cases == tuple(
        RawCase(case, "Tr", raw / "imagesTr" / f"{case}_0000.nii.gz", raw / "labelsTr" / f"{case}.nii.gz")
        for case in "AB"
    )
    assert [case.case for case in folder.test.cases] == ["C"]
    assert folder.train.pairs.complete == ["A", "B"]
    assert [*folder.train.pairs.without_label, *folder.train.pairs.without_image, *folder.in_both] == []
    assert (folder.train.images.strangers, folder.train.images.not_unicode, folder.train.images.fault) == ((), (), "")


def test_folders_that_are_not_there_are_empty(tmp_path: Path) -> None:
    folder = read_raw_folder(tmp_path, ".nii.gz")
    assert folder.train.cases == folder.test.cases == ()
    assert folder.train.has_labels
    assert not folder.test.has_labels


def test_what_is_wrong_stands_apart(raw: Path) -> None:
    images = raw / "imagesTr"
    for name in ("A_0000.nii", "A_0001.nii.gz", "D.nii.gz", "notes.txt", ".DS_Store", "_0000.nii.gz"):
        (images / name).touch()
    (images / f"{NOT_UTF8}_0000.nii.gz").touch()
    (images / "E_0000.MHA").touch()
    listing = read_raw_folder(raw, ".nii").train.images
    assert [path.name for path in listing.files["A"]] == ["A_0000.nii", "A_0000.nii.gz"]
    assert list(listing.files) == ["A", "B", "E"]
    assert {path.name for path in listing.strangers} == {"A_0001.nii.gz", "D.nii.gz", "notes.txt", "_0000.nii.gz"}
    assert [path.name for path in listing.not_unicode] == [f"{NOT_UTF8}_0000.nii.gz"]


def test_ids_that_look_the_same_are_one_case() -> None:
    first, second, other = Path("1.nii"), Path("2.nii.gz"), Path("3.nii.gz")
    named = [(COMPOSED, first), (DECOMPOSED, second), ("a", other)]
    assert by_case(named) == {"a": (other,), COMPOSED: (first, second)}
    assert by_case(named, ".nii.gz") == {"a": (other,), COMPOSED: (second, first)}
    assert by_case([]) == {}


def twins(root: Path) -> None:
    for name in (COMPOSED, DECOMPOSED):
        (root / "imagesTr" / f"{name}_0000.nii.gz").touch()
    (root / "labelsTr" / f"{COMPOSED}.nii.gz").touch()
    describe(root, numTraining=3)


# What the names alone give away, and the code that `data check` has for it.
FAULTS: list[tuple[str, Callable[[Path], object]]] = [
    ("misnamed", lambda root: (root / "imagesTr" / "notes.txt").touch()),
    ("misnamed", lambda root: (root / "imagesTr" / "A_0001.nii.gz").touch()),
    ("misnamed", lambda root: (root / "labelsTr" / "A.nii.gz").rename(root / "labelsTr" / "A.nrrd")),
    ("misnamed", lambda root: (root / "labelsTr" / "A.nii.gz").rename(root / "labelsTr" / "A.NII.GZ")),
    ("not-unicode", lambda root: (root / "imagesTr" / f"{NOT_UTF8}_0000.nii.gz").touch()),
    ("two-files", lambda root: (root / "labelsTs" / "C.nii").touch()),
    ("two-files", twins),
    ("no-label", lambda root: (root / "labelsTr" / "A.nii.gz").unlink()),
    ("no-image", lambda root: (root / "labelsTs" / "D.nii.gz").touch()),
    ("train-and-test", lambda root: (root / "imagesTs" / "A_0000.nii.gz").touch()),
    ("case-count", lambda root: describe(root, numTraining=3)),
    ("description", lambda root: describe(root, file_ending=".png")),
    ("description", lambda root: describe(root, file_ending=[".nii.gz"])),
    ("description", lambda root: (root / "dataset.json").write_text("{")),
    ("description", lambda root: (root / "dataset.json").write_text("{}")),
    ("description", lambda root: (root / "dataset.json").unlink()),
]


@pytest.mark.parametrize(("code", "plant"), FAULTS)
def test_what_the_check_finds_in_names_the_data_set_refuses(
    raw: Path, code: str, plant: Callable[[Path], object]
) -> None:
    open_dataset(raw)
    assert not lay_out(raw).findings
    plant(raw)
    assert code in {one.code for one in lay_out(raw).findings}
    with pytest.raises(BenchError):
        open_dataset(raw)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "imagesTr" / ".hidden").touch(),
        lambda root: (root / "imagesTr" / "@eaDir").mkdir(),
        lambda root: shutil.rmtree(root / "labelsTs"),
        lambda root: (root / "imagesTr" / "Thumbs.db").touch(),
    ],
)
def test_what_neither_minds(raw: Path, change: Callable[[Path], object]) -> None:
    change(raw)
    assert len(open_dataset(raw).train) == 2
    assert not lay_out(raw).findings


def test_a_folder_that_cannot_be_listed_is_told_by_each_reader(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = Path.iterdir

    def refuse(path: Path) -> object:
        if path.name == "labelsTs":
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    for reader in (open_dataset, lambda root: find_mswal(root, partial=True)):
        with pytest.raises(BenchError, match=r"labelsTs: cannot be read \(Permission denied\)"):
            reader(raw)
    assert ("unreadable", "labelsTs") in {(one.code, one.file) for one in lay_out(raw).findings}


def test_a_source_with_a_name_that_cannot_be_written_down_is_not_prepared(raw: Path) -> None:
    (raw / "imagesTr" / f"{NOT_UTF8}_0000.nii.gz").touch()
    (raw / "imagesTr" / f"{NOT_UTF8}.txt").touch()
    with pytest.raises(BenchError) as caught:
        find_mswal(raw, partial=True)
    of_names = [problem.where for problem in caught.value.problems if problem.what == "has a name that is not UTF-8"]
    assert of_names == [str(raw / "imagesTr" / f"{NOT_UTF8}_0000.nii.gz")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"a": 1}', ({"a": 1}, "")),
        (b"{}", ({}, "")),
        (b"[]", ({}, "no object in it")),
        (None, ({}, "no such file")),
    ],
)
def test_the_description(tmp_path: Path, content: bytes | None, expected: tuple[object, str]) -> None:
    if content is not None:
        (tmp_path / "dataset.json").write_bytes(content)
    assert read_description(tmp_path) == expected


@pytest.mark.parametrize("content", [b"{", b"\xff", b'\xef\xbb\xbf{"a": 1}'])
def test_a_description_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "dataset.json").write_bytes(content)
    description, fault = read_description(tmp_path)
    assert description == {}
    assert fault.startswith("not readable as JSON (")


def test_a_description_as_windows_saves_it(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_description(tmp_path, "utf-8-sig") == ({"a": 1}, "")
