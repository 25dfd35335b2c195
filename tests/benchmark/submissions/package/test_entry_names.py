from __future__ import annotations

import pytest

from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding
from mswal_bench.benchmark.submissions.package.entry_names import checked_name, is_nested_archive


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        (b"predictions/MSWAL_0001.nii.gz", "predictions/MSWAL_0001.nii.gz"),
        (b"./a//b/./c", "a/b/c"),
        (b"a/", "a"),
        (b"./", ""),
        (b"..a/b..", "..a/b.."),
        ("Pr\xe9diction/\u9884\u6d4b.nii".encode(), "Pr\xe9diction/\u9884\u6d4b.nii"),
        (b"x" * 255, "x" * 255),
    ],
)
def test_names_that_may_be(stored: bytes, name: str) -> None:
    assert checked_name(stored) == name


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        (b"..", "path-traversal"),
        (b"a/../b", "path-traversal"),
        (b"a\\..\\b", "path-traversal"),
        (b"a/..", "path-traversal"),
        (b"/etc/passwd", "absolute-name"),
        (b"\\\\server\\share", "absolute-name"),
        (b"C:\\a", "absolute-name"),
        (b"c:a", "absolute-name"),
        (b"a\\b", "backslash-name"),
        (b"a\0b", "control-character"),
        (b"a\nb", "control-character"),
        (b"a\x1b[31mb", "control-character"),
        (b"a\x7f", "control-character"),
        ("a\x9b".encode(), "control-character"),
        ("a\u202eb".encode(), "control-character"),
        ("a\u2028b".encode(), "control-character"),
        (b"a\xff", "name-not-utf8"),
        (b"a\xed\xa0\x80", "name-not-utf8"),
        (b"x" * 256, "name-too-long"),
        (b"x/" * 513, "name-too-long"),
        (b"x" * 10_000_000, "name-too-long"),
    ],
)
def test_names_that_may_not_be(stored: bytes, code: str) -> None:
    finding = checked_name(stored)
    assert isinstance(finding, SubmissionFinding)
    assert finding.code == code
    assert len(finding.file) <= 4 * 1024
    finding.file.encode()


def test_archives() -> None:
    assert all(map(is_nested_archive, ["a.zip", "b/A.TAR.GZ", "c.7z", "d.tgz"]))
    assert not any(map(is_nested_archive, ["a.nii.gz", "zip", "a.gz", "a.zip.txt"]))
