from __future__ import annotations

import gzip
import re
import shutil
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.records import submission_folder
from mswal_bench.benchmark.records.submission_folder import submissions_in


@pytest.fixture
def inbox(tmp_path: Path, submission: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    shutil.copytree(submission, folder / "of_b")
    return folder


def _names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in submissions_in(folder)]


def test_archives_and_folders_by_name(inbox: Path, submission: Path) -> None:
    for number, kind in enumerate(("zip", "tar", "gztar")):
        shutil.make_archive(str(inbox / f"a{number}"), kind, submission)
    (inbox / "of_c").symlink_to(submission)
    assert _names(inbox) == ["a0.zip", "a1.tar", "a2.tar.gz", "of_b", "of_c"]


@pytest.mark.parametrize("kind", ["zip", "tar", "gztar"])
def test_an_archive_under_another_name_is_told_by_its_content(inbox: Path, submission: Path, kind: str) -> None:
    made = Path(shutil.make_archive(str(inbox / "made"), kind, submission))
    made.rename(inbox / "upload 17")
    assert _names(inbox) == ["of_b", "upload 17"]


def test_what_evaluating_refuses_is_not_lost(inbox: Path) -> None:
    for name in ("late.7z", "empty.zip", "cut.TGZ"):
        (inbox / name).write_bytes(b"")
    (inbox / "gone.zip").symlink_to(inbox / "nowhere")
    (inbox / "of_b" / "submission.yaml").unlink()
    (inbox / "form_alone").mkdir()
    (inbox / "form_alone" / "Submission.yml").touch()
    assert _names(inbox) == ["cut.TGZ", "empty.zip", "form_alone", "gone.zip", "late.7z", "of_b"]


def test_one_folder_around_everything(inbox: Path, submission: Path) -> None:
    (inbox / "of_b").rename(inbox / "inner")
    (inbox / "outer").mkdir()
    (inbox / "inner").rename(inbox / "outer" / "inner")
    (inbox / "outer" / ".DS_Store").touch()
    assert _names(inbox) == ["outer"]
    # One level is taken off the names of a submission, and of two folders none is around everything.
    (inbox / "deep").mkdir()
    shutil.copytree(inbox / "outer", inbox / "deep" / "outer")
    (inbox / "two" / "empty").mkdir(parents=True)
    shutil.copytree(submission, inbox / "two" / "submission")
    assert _names(inbox) == ["outer"]


def test_anything_else_is_passed_over(inbox: Path) -> None:
    (inbox / "README.txt").write_text("Hand in here.")
    (inbox / "case_1.nii.gz").write_bytes(gzip.compress(bytes(400)))
    (inbox / "results" / "records").mkdir(parents=True)
    shutil.copytree(inbox / "of_b", inbox / ".partial-of_c")
    shutil.copytree(inbox / "of_b", inbox / "@eaDir")
    shutil.make_archive(str(inbox / ".hidden"), "zip", inbox / "of_b")
    assert _names(inbox) == ["of_b"]


def test_where_there_is_none(tmp_path: Path, submission: Path) -> None:
    with pytest.raises(BenchError, match="nowhere: there is no such folder: expected a folder of submissions"):
        submissions_in(tmp_path / "nowhere")
    with pytest.raises(BenchError, match=r"submission\.yaml: is not a folder"):
        submissions_in(submission / "submission.yaml")
    with pytest.raises(BenchError, match=f"^{re.escape(str(submission))}: is a submission itself"):
        submissions_in(submission)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BenchError, match=r"no submission in it: expected archives, .* found an empty folder"):
        submissions_in(tmp_path / "empty")
    (tmp_path / "empty" / "README").touch()
    with pytest.raises(BenchError, match="found README"):
        submissions_in(tmp_path / "empty")


def test_folders_that_cannot_be_read_are_told_in_one_go(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("x", "y"):
        (inbox / name).mkdir()

    def refused(folder: Path) -> list[Path]:
        if folder.name in {"x", "y"}:
            raise PermissionError(13, "Permission denied", str(folder))
        return visible(folder)

    monkeypatch.setattr(submission_folder, "visible", refused)
    with pytest.raises(BenchError) as caught:
        submissions_in(inbox)
    assert [str(each) for each in caught.value.problems] == [
        f"{inbox / name}: cannot be read (Permission denied)." for name in ("x", "y")
    ]
