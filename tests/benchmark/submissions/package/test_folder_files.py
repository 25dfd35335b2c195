from __future__ import annotations

import os
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.submissions.package.listing import PackageError
from mswal_bench.benchmark.submissions.package.open_submission import open_submission
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.tests.benchmark.submissions.packages import FILES, found_in, opened, pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return pack(tmp_path / "s", "folder", FILES)


def test_links_wherever_they_lead(tmp_path: Path, folder: Path) -> None:
    secret = tmp_path / "secret.nii"
    secret.write_bytes(b"secret")
    (folder / "predictions/outside.nii").symlink_to(secret)
    (folder / "predictions/inside.nii").symlink_to("b.nii")
    (folder / "predictions/nowhere.nii").symlink_to("nothing")
    (folder / "predictions/folder").symlink_to(tmp_path)
    (folder / "round").symlink_to(folder)
    submission, content = opened(folder)
    assert {finding.code for finding in submission.findings} == {"symbolic-link"}
    assert [finding.file for finding in submission.findings] == [
        "round",
        "predictions/folder",
        "predictions/inside.nii",
        "predictions/nowhere.nii",
        "predictions/outside.nii",
    ]
    assert content == FILES


def test_pipes_are_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "predictions/c.nii")
    assert found_in(folder) == [("special-file", "predictions/c.nii")]


@pytest.mark.parametrize("change", ["link", "pipe", "other", "gone"])
def test_a_file_that_changes_after_it_was_listed(tmp_path: Path, folder: Path, change: str) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    with open_submission(folder) as submission:
        (file,) = (file for file in submission.files if file.name.endswith("b.nii"))
        path = folder / file.name
        kept = path.rename(tmp_path / "kept")
        if change == "link":
            path.symlink_to(secret)
        elif change == "pipe":
            os.mkfifo(path)
        elif change == "other":
            path.write_bytes(b"other")
        with pytest.raises((OSError, PackageError)):
            file.open()
        with pytest.raises(BenchError, match=r"b\.nii"):
            read_header(file)
        assert kept.read_bytes() == FILES[file.name]


def test_a_folder_on_the_way_that_becomes_a_link(tmp_path: Path, folder: Path) -> None:
    pack(tmp_path / "other", "folder", FILES)
    with open_submission(folder) as submission:
        (file,) = (file for file in submission.files if file.name.endswith("b.nii"))
        (folder / "predictions").rename(tmp_path / "kept")
        (folder / "predictions").symlink_to(tmp_path / "other/predictions")
        with pytest.raises(PackageError, match="another file than when the folder was listed"):
            file.open()


def test_names_that_only_some_systems_have(folder: Path) -> None:
    (folder / "a\\b").write_bytes(b"")
    (folder / "a\nb").write_bytes(b"")
    Path(os.fsdecode(os.fsencode(folder) + b"/a\xff")).write_bytes(b"")
    assert sorted(code for code, _ in found_in(folder)) == ["backslash-name", "control-character", "name-not-utf8"]


def test_a_folder_without_end(folder: Path) -> None:
    here = os.open(folder, os.O_RDONLY)
    try:
        for _ in range(60):
            os.mkdir("x" * 100, dir_fd=here)
            inner = os.open("x" * 100, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
    finally:
        os.close(here)
    assert [code for code, _ in found_in(folder)] == ["name-too-long"]


def test_a_hole_of_a_file(folder: Path) -> None:
    with (folder / "predictions/c.nii").open("wb") as file:
        file.truncate(1 << 43)
    assert found_in(folder) == [("total-too-large", "")]


def test_what_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refused(path: Path) -> object:
        if path.name == "predictions":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    submission, content = opened(folder)
    (finding,) = submission.findings
    assert (finding.code, finding.file, finding.found) == ("package-unreadable", "predictions", "Permission denied")
    assert list(content) == ["submission.yaml"]
