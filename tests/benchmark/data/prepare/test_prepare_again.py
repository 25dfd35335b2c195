"""A data set that is prepared again: after a stop, after a change of its source, at the same time."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from mswal_bench.benchmark.core.link_or_copy import Way, place
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.benchmark.data.prepare import prepare_dataset as module
from mswal_bench.benchmark.data.prepare.prepare_dataset import prepare_dataset
from mswal_bench.splits import load_split

from .preparing import contents, problems
from .user_folders import write

if TYPE_CHECKING:
    from .conftest import MakeFolder


def test_twice_does_nothing_twice(make_mswal: MakeFolder, tmp_path: Path) -> None:
    source, out = make_mswal(), tmp_path / "raw"
    prepare_dataset(source, out)
    before = contents(out)
    again = prepare_dataset(source, out)
    assert not again.placed
    assert contents(out) == before


def test_test_cases_that_come_later_are_added(make_mswal: MakeFolder, tmp_path: Path) -> None:
    source, out = make_mswal(), tmp_path / "raw"
    digest = prepare_dataset(source, out).split.digest
    for case in load_split("phantom").test:
        name = case.replace("PHANTOM", "MSWAL")
        write(source / "imagesTs" / f"{name}_0000.nii.gz")
        write(source / "labelsTs" / f"{name}.nii.gz")
    prepared = prepare_dataset(source, out)
    assert prepared.placed == {Way.HARD_LINK: 420}
    assert prepared.split.digest == digest
    assert not prepared.hidden
    assert len(open_dataset(out).test) == 210


@pytest.mark.parametrize("copy", [False, True])
def test_an_interrupted_call_is_not_complete_and_goes_on(
    make_mswal: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copy: bool
) -> None:
    source, out = make_mswal(train=6, test=3, test_images=True), tmp_path / "raw"
    count = 0

    def stop(path: Path, target: Path, *, copy: bool) -> Way:
        nonlocal count
        count += 1
        if count == 5:
            (target.parent / ".partial-x.nii.gz").write_text("half")
            raise KeyboardInterrupt
        return place(path, target, copy=copy)

    monkeypatch.setattr(module, "place", stop)
    with pytest.raises(KeyboardInterrupt):
        prepare_dataset(source, out, partial=True, copy=copy)
    assert not (out / "dataset.json").exists()
    prepared = prepare_dataset(source, out, partial=True, copy=copy)
    assert sum(prepared.placed.values()) == 15 - 4
    assert not list(out.rglob(".partial-*"))
    whole = prepare_dataset(source, tmp_path / "other", partial=True, copy=copy)
    assert {name: found[0] for name, found in contents(out).items()} == {
        name: found[0] for name, found in contents(tmp_path / "other").items()
    }
    assert sum(whole.placed.values()) == 15


def test_a_file_that_is_lost_is_put_back_and_a_repaired_one_is_kept(make_mswal: MakeFolder, tmp_path: Path) -> None:
    source, out = make_mswal(train=6, test=3), tmp_path / "raw"
    prepare_dataset(source, out, partial=True)
    (out / "imagesTr" / "MSWAL_0001_0000.nii.gz").unlink()
    repaired = out / "labelsTr" / "MSWAL_0002.nii.gz"
    repaired.unlink()
    repaired.write_text("repaired")
    assert prepare_dataset(source, out, partial=True).placed == {Way.HARD_LINK: 1}
    assert repaired.read_text() == "repaired"


def _swap(one: Path, other: Path) -> None:
    one.rename(one.with_name("held"))
    other.rename(one)
    one.with_name("held").rename(other)


@pytest.mark.parametrize("copy", [False, True])
def test_two_files_that_change_names_do_so_in_the_data_set(make_mswal: MakeFolder, tmp_path: Path, copy: bool) -> None:
    source, out = make_mswal(train=2, test=1), tmp_path / "raw"
    names = ["MSWAL_0001.nii.gz", "MSWAL_0002.nii.gz"]
    one, other = (source / "labelsTr" / name for name in names)
    for path in (one, other):  # of one time: as files are that come from an archive
        os.utime(path, (1e9, 1e9))
    prepare_dataset(source, out, partial=True, copy=copy)
    _swap(one, other)
    assert sum(prepare_dataset(source, out, partial=True, copy=copy).placed.values()) == 2
    assert [(out / "labelsTr" / name).read_text() for name in names] == names[::-1]
    assert not prepare_dataset(source, out, partial=True, copy=copy).placed


@pytest.mark.parametrize("copy", [False, True])
def test_a_source_file_takes_the_place_of_a_younger_one(make_mswal: MakeFolder, tmp_path: Path, copy: bool) -> None:
    source, out = make_mswal(train=2, test=1), tmp_path / "raw"
    prepare_dataset(source, out, partial=True, copy=copy)
    older = tmp_path / "older"
    older.write_text("older")
    os.utime(older, (1e9, 1e9))
    older.replace(source / "labelsTr" / "MSWAL_0002.nii.gz")
    assert sum(prepare_dataset(source, out, partial=True, copy=copy).placed.values()) == 1
    assert (out / "labelsTr" / "MSWAL_0002.nii.gz").read_text() == "older"


def test_an_interrupted_call_does_not_take_an_old_file_for_the_new_one(
    make_mswal: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = make_mswal(train=2, test=1), tmp_path / "raw"
    prepare_dataset(source, out, partial=True, copy=True)
    _swap(*(source / "labelsTr" / f"MSWAL_000{number}.nii.gz" for number in (1, 2)))

    def stop(*_: object, **__: object) -> Way:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "place", stop)
        with pytest.raises(KeyboardInterrupt):
            prepare_dataset(source, out, partial=True, copy=True)
    assert sum(prepare_dataset(source, out, partial=True, copy=True).placed.values()) == 2
    assert (out / "labelsTr" / "MSWAL_0001.nii.gz").read_text() == "MSWAL_0002.nii.gz"


@pytest.mark.parametrize("files", [None, [], {"labelsTr/MSWAL_0001.nii.gz": "labelsTr/MSWAL_0001.nii.gz"}])
def test_copies_of_which_nothing_is_known_are_made_again(make_mswal: MakeFolder, tmp_path: Path, files: object) -> None:
    source, out = make_mswal(train=2, test=1), tmp_path / "raw"
    prepare_dataset(source, out, partial=True, copy=True)
    mark = json.loads((out / "prepared.json").read_text())
    (out / "prepared.json").write_text(json.dumps(mark | {"files": files}))
    assert prepare_dataset(source, out, partial=True, copy=True).placed == {Way.COPY: 4}


def test_a_second_call_at_the_same_time_is_refused(make_mswal: MakeFolder, tmp_path: Path) -> None:
    source, out = make_mswal(train=2, test=1), tmp_path / "raw"
    prepare_dataset(source, out, partial=True)
    (out / "labelsTr" / ".partial-x.nii.gz").write_text("half")
    (out / "labelsTr" / "MSWAL_0001.nii.gz").unlink()
    with FileLock(out / ".prepare.lock"):
        (line,) = problems(source, out, partial=True)
    assert line == f"{out}: another call is preparing this folder. Wait until it has ended."
    assert (out / "labelsTr" / ".partial-x.nii.gz").exists()
    assert prepare_dataset(source, out, partial=True).placed == {Way.HARD_LINK: 1}


def test_a_call_that_was_stopped_at_once_is_gone_on_with(make_mswal: MakeFolder, tmp_path: Path) -> None:
    source, out = make_mswal(train=2, test=1), tmp_path / "raw"
    out.mkdir()
    (out / ".prepare.lock").touch()
    assert sum(prepare_dataset(source, out, partial=True).placed.values()) == 4


@pytest.mark.parametrize(
    "edited", [b"case,sex,phase\nMSWAL_0001,male,arterial\n", b"case,sex\nMSWAL_0001,m\xe4nnlich\n"]
)
@pytest.mark.parametrize("name", ["patients.csv", "cases.csv"])
def test_a_table_that_was_edited_stays(make_mswal: MakeFolder, tmp_path: Path, name: str, edited: bytes) -> None:
    """Also one that an earlier version wrote: a new one beside it would count in its place."""
    source, out = make_mswal(train=2, test=1), tmp_path / "raw"
    (source / "patients.csv").write_text("case,sex\nMSWAL_0001,male\n")
    assert not [note for note in prepare_dataset(source, out, partial=True).notes if ".csv" in note]
    (out / "patients.csv").unlink()
    (out / name).write_bytes(edited)
    before = contents(out)
    again = prepare_dataset(source, out, partial=True)
    assert contents(out) == before
    assert again.notes[-1].startswith(f"{out / name} stays as it is, though the source's differs")
    (out / name).unlink()
    prepare_dataset(source, out, partial=True)
    assert (out / "patients.csv").read_text() == "case,sex\nMSWAL_0001,male\n"


def test_a_part_may_grow_and_the_whole_may_not_change(make_mswal: MakeFolder, tmp_path: Path) -> None:
    source, out = make_mswal(), tmp_path / "raw"
    held = tmp_path / "held"
    held.mkdir()
    for name in ("imagesTr/MSWAL_0484_0000.nii.gz", "labelsTr/MSWAL_0484.nii.gz"):
        shutil.move(source / name, held)
    part = prepare_dataset(source, out, partial=True).split
    assert (part.name, len(part.train)) == ("mswal-partial", 483)
    shutil.move(held / "MSWAL_0484_0000.nii.gz", source / "imagesTr")
    shutil.move(held / "MSWAL_0484.nii.gz", source / "labelsTr")
    assert prepare_dataset(source, out).split.name == "mswal"
    text = (source / "dataset.json").read_text()
    (source / "dataset.json").write_text(text.replace("imagesTs/MSWAL_0485.", "imagesTs/MSWAL_0777."))
    before = contents(out)
    (line,) = problems(source, out)
    assert "the split of this folder is frozen with other cases: 2 cases differ, MSWAL_0485, MSWAL_0777" in line
    assert contents(out) == before


def test_another_source_for_the_same_folder_is_refused(make_mswal: MakeFolder, tmp_path: Path) -> None:
    one = make_mswal(root=tmp_path / "one", train=2, test=1)
    other = make_mswal(root=tmp_path / "other", train=2, test=1)
    prepare_dataset(one, tmp_path / "raw", partial=True)
    (line,) = problems(other, tmp_path / "raw", partial=True)
    assert f"was prepared from another source: expected {other} as mswal, found {one} as mswal" in line
