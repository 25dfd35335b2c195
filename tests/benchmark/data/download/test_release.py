from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.download.release import (
    RECORD,
    Release,
    ReleaseFile,
    name_problems,
    read_release,
    write_release,
)


def a_file(path: str = "labelsTr/A.nii.gz", algorithm: str = "sha256", digest: str = "ab" * 32) -> ReleaseFile:
    return ReleaseFile.model_validate({"path": path, "size": 6, "algorithm": algorithm, "digest": digest})


def a_release(*files: ReleaseFile) -> Release:
    return Release(repository="a/b", commit="0123abcd" * 5, listed_at=datetime(2026, 1, 1, tzinfo=UTC), files=files)


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        # printf 'hello\n' | sha256sum; printf 'hello\n' | git hash-object --stdin
        ("sha256", "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"),
        ("git-sha1", "ce013625030ba8dba906f756967f9e9ca394464a"),
    ],
)
def test_a_digest_is_that_of_the_known_tools(tmp_path: Path, algorithm: str, digest: str) -> None:
    path = tmp_path / "hello"
    path.write_bytes(b"hello\n")
    seen: list[int] = []
    assert a_file(algorithm=algorithm).digest_of(path, seen.append) == digest
    assert seen == [6]


def test_images_are_told_by_their_folder() -> None:
    assert a_file("imagesTr/A_0000.nii.gz").is_image
    assert a_file("MSWAL/imagesTs/A_0000.nii.gz").is_image
    assert not a_file("labelsTr/images.nii.gz").is_image
    assert not a_file("images.md").is_image


def test_a_part_of_another_content_is_another_file(tmp_path: Path) -> None:
    one, other = a_file(digest="ab" * 32), a_file(digest="cd" * 32)
    assert one.part_at(tmp_path) != other.part_at(tmp_path)
    assert one.part_at(tmp_path).parent == one.at(tmp_path).parent
    assert one.part_at(tmp_path).name.startswith(".partial-")


def test_a_revision_is_the_beginning_of_the_hash() -> None:
    release = a_release(a_file())
    assert release.is_named_by("0123abcd")
    assert release.is_named_by("0123abcd" * 5)
    assert not release.is_named_by("0123abce")
    assert not release.is_named_by("012")
    assert not release.is_named_by("main")


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../x",
        "labelsTr/../../x",
        "labelsTr//x",
        "labelsTr/./x",
        "labelsTr/",
        "",
        "a\\..\\b",
        "a\nb",
        "a\0b",
        "a\x1b[2Jb",
        "x" * 201,
        RECORD,
    ],
)
def test_an_odd_name_is_refused(name: str) -> None:
    (problem,) = name_problems(["README.md", name])
    assert repr(name) in str(problem)


def test_names_over_each_other_are_refused_all_in_one_go() -> None:
    problems = name_problems(["a", "a", "b", "b/c", "fine.nii.gz", "../x"])
    assert [problem.where for problem in problems] == ["'a'", "'b'", "'../x'"]


def test_usual_names_are_fine() -> None:
    assert not name_problems([".gitattributes", "dataset.json", "imagesTr/MSWAL_0001_0000.nii.gz", "a b/ü (1)..gz"])


def test_what_is_written_is_read(tmp_path: Path) -> None:
    release = a_release(a_file(), a_file("dataset.json", "git-sha1", "ab" * 20))
    assert read_release(tmp_path) is None
    write_release(tmp_path, release)
    assert read_release(tmp_path) == release


@pytest.mark.parametrize("text", ["", "{}", "no json", '{"files": "many"}'])
def test_a_damaged_record_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(BenchError, match=r"release\.json: the record of the download cannot be read"):
        read_release(tmp_path)


def test_a_record_with_a_name_outside_is_refused(tmp_path: Path) -> None:
    write_release(tmp_path, a_release(a_file("../outside")))
    with pytest.raises(BenchError, match="not a name inside a folder"):
        read_release(tmp_path)
