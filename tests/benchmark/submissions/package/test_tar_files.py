from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from isal import igzip

from mswal_bench.benchmark.submissions.package.size_limits import Bounds
from mswal_bench.tests.benchmark.submissions.packages import FILES, found_in, member, opened, pack, tar_of
from mswal_bench.tests.counted_calls import at_most_calls

GZIPPED = [False, True]
MOST = 50_000
"""Calls, whatever an archive claims or expands to."""


def _packed(content: bytes, gzipped: bool) -> bytes:
    return gzip.compress(content, 1) if gzipped else content


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_form_and_long_names(tmp_path: Path, form: int) -> None:
    name = "/".join(["folder" * 10] * 4) + "/a.nii" if form != tarfile.USTAR_FORMAT else "f" * 90 + "/" + "a" * 90
    path = tmp_path / "s"
    with tarfile.open(path, "w:gz", format=form, pax_headers={"comment": "a commit"}) as archive:
        for stored in ("./", "./" + name, "./b"):
            header = tarfile.TarInfo(stored)
            header.type = tarfile.DIRTYPE if stored == "./" else tarfile.REGTYPE
            header.size, header.mtime = 0 if stored == "./" else 3, 1.5 if form == tarfile.PAX_FORMAT else 1
            archive.addfile(header, io.BytesIO(b"foo"))
    submission, content = opened(path)
    assert submission.findings == ()
    assert content == {name: b"foo", "b": b"foo"}


@pytest.mark.parametrize(
    ("type_", "code"),
    [
        (tarfile.SYMTYPE, "symbolic-link"),
        (tarfile.LNKTYPE, "hard-link"),
        (tarfile.CHRTYPE, "special-file"),
        (tarfile.BLKTYPE, "special-file"),
        (tarfile.FIFOTYPE, "special-file"),
        (tarfile.GNUTYPE_SPARSE, "sparse-file"),
        (b"V", "unsupported-entry"),
        (b"M", "unsupported-entry"),
    ],
)
@pytest.mark.parametrize("gzipped", GZIPPED)
def test_what_is_no_file(tmp_path: Path, type_: bytes, code: str, gzipped: bool) -> None:
    path = tmp_path / "s"
    odd = member("odd.nii", type=type_, linkname="/etc/passwd")
    path.write_bytes(_packed(tar_of([member("a", b"1"), odd, member("b", b"2")]), gzipped))
    submission, content = opened(path)
    assert [(finding.code, finding.file) for finding in submission.findings] == [(code, "odd.nii")]
    assert content == {"a": b"1", "b": b"2"}


def test_sparse_as_pax_has_it(tmp_path: Path) -> None:
    for records in ({"GNU.sparse.major": "1"}, {"GNU.sparse.map": "0,1", "GNU.sparse.size": "99999999999"}):
        path = tmp_path / "s"
        assert found_in(path, tar_of([_pax(records), member("a", b"1")])) == [("sparse-file", "a")]


def _pax(records: dict[str, str], type_: bytes = tarfile.XHDTYPE) -> bytes:
    payload = b""
    for key, value in records.items():
        text = f" {key}={value}\n".encode()
        length = len(text) + len(str(len(text)))
        length += len(str(length)) - len(str(len(text)))
        payload += str(length).encode() + text
    return member("pax", payload, type=type_)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../a", "path-traversal"),
        ("/a", "absolute-name"),
        ("a\\b", "backslash-name"),
        ("a\nb", "control-character"),
        ("C:a", "absolute-name"),
    ],
)
def test_names_in_either_header(tmp_path: Path, name: str, code: str) -> None:
    path = tmp_path / "s"
    fine = member("fine.nii", b"2")
    for entry in (member(name, b"1"), _pax({"path": name}) + member("a", b"1")):
        path.write_bytes(tar_of([entry, fine]))
        submission, content = opened(path)
        assert [finding.code for finding in submission.findings] == [code]
        assert content == {"fine.nii": b"2"}


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    assert found_in(tmp_path / "s", tar_of([member("a\udcff.nii", b"1")])) == [("name-not-utf8", "a\\xff.nii")]


def test_a_file_twice(tmp_path: Path) -> None:
    archive = tar_of([member("a.nii", b"1"), member("./a.nii", b"2")])
    assert found_in(tmp_path / "s", archive) == [("duplicate-name", "a.nii")]


def test_a_size_in_the_pax_header_counts(tmp_path: Path) -> None:
    """One that only some readers heed would show them other files."""
    inner = tar_of([member("hidden", b"1")])
    path = tmp_path / "s"
    plain = member("a", inner)
    header = member("a", size=0)
    path.write_bytes(tar_of([_pax({"size": str(len(inner))}), header, plain[512:]]))
    assert opened(path)[1] == {"a": inner}
    for size in ("-1", "1e3", "9" * 30, ""):
        assert found_in(path, tar_of([_pax({"size": size}), header]))[0][0] == "package-damaged"


@pytest.mark.parametrize(
    "type_", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK]
)
@pytest.mark.parametrize("size", [2 << 20, 5 << 30, 1 << 62])
@pytest.mark.parametrize("gzipped", GZIPPED)
def test_a_header_of_gigabytes_is_not_read(tmp_path: Path, type_: bytes, size: int, gzipped: bool) -> None:
    path = tmp_path / "s"
    path.write_bytes(_packed(member("x", size=size, type=type_) + bytes(8 << 20), gzipped))
    tracemalloc.start()
    codes = found_in(path)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert codes == [("header-too-large", "x")]
    assert peak_bytes < 4 << 20


def test_many_long_headers(tmp_path: Path) -> None:
    header = _pax({f"key{n}": "" for n in range(40_000)})
    # Of 8 million records those of a few headers are read.
    with at_most_calls(12_000_000):
        assert found_in(tmp_path / "s", igzip.compress(header) * 200) == [("header-too-large", "pax")]


@pytest.mark.parametrize(
    "payload",
    [b"9 path=a\n", b"11 path=a\n", b"path=a\n", b"0 a=b\n", b"6 a=b", b"99999999999 a=b\n", b"-6 a=b\n", b"5 a b\n"],
)
def test_pax_records_that_are_none(tmp_path: Path, payload: bytes) -> None:
    archive = tar_of([member("pax", payload, type=tarfile.XHDTYPE), member("b", b"1")])
    expected = [] if payload == b"9 path=a\n" else [("package-damaged", "pax")]
    assert found_in(tmp_path / "s", archive) == expected


def test_a_name_for_all_files(tmp_path: Path) -> None:
    for records, codes in (({"path": "x"}, ["package-damaged"]), ({"comment": "x"}, [])):
        archive = tar_of([_pax(records, tarfile.XGLTYPE), member("a", b"1")])
        assert [code for code, _ in found_in(tmp_path / "s", archive)] == codes


def test_a_million_entries(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_bytes(igzip.compress(member("a") * 1000) * 1000)
    with at_most_calls(3_000_000):
        assert found_in(path) == [("too-many-entries", "")]


def test_gzip_that_expands_without_end(tmp_path: Path) -> None:
    """Zeros within a file, after a header that claims them, and after the archive's end."""
    path, room = tmp_path / "s", Bounds(file_bytes=1 << 20, total_bytes=8 << 20)
    zeros = igzip.compress(bytes(1 << 26)) * 16
    for start, expected in (
        (member("a.nii", size=1 << 30), ("total-too-large", "")),
        (tar_of([]), ("trailing-data", "")),
        (member("a.nii", size=(8 << 20)), ("file-too-large", "a.nii")),
    ):
        with at_most_calls(MOST):
            assert expected in found_in(path, igzip.compress(start) + zeros, room)


@pytest.mark.parametrize("gzipped", GZIPPED)
def test_cut_off_anywhere(tmp_path: Path, gzipped: bool) -> None:
    whole = pack(tmp_path / "s", "tar", FILES).read_bytes()[:-512]
    whole = _packed(whole, gzipped)
    for length in range(0, len(whole), 1 if gzipped else 37):
        codes = {code for code, _ in found_in(tmp_path / "s", whole[:length])}
        assert len(codes) == 1
        assert codes <= {"package-truncated", "package-unknown"}, (length, codes)


def test_any_changed_byte_of_what_is_packed(tmp_path: Path) -> None:
    whole = pack(tmp_path / "s", "tar.gz", {"a": bytes(range(200))}).read_bytes()
    plain = gzip.decompress(whole)
    for place in range(10, len(whole)):
        changed = whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :]
        # Zeros copied from elsewhere among zeros are the same zeros.
        with suppress(zlib.error):
            if place < len(whole) - 8 and zlib.decompressobj(-15).decompress(changed[10:-8]) == plain:
                continue
        assert found_in(tmp_path / "s", changed)


def test_something_after_the_archive(tmp_path: Path) -> None:
    whole = tar_of([member("a", b"1")])
    path = tmp_path / "s"
    assert found_in(path, whole + bytes(10_240)) == []
    assert found_in(path, whole + tar_of([member("b", b"2")])) == [("trailing-data", "")]
    assert found_in(path, gzip.compress(whole) + b"more" * 10) == [("package-damaged", "")]
    assert found_in(path, gzip.compress(whole[:700]) + gzip.compress(whole[700:])) == []


def test_content_where_only_files_have_some(tmp_path: Path) -> None:
    for type_ in (tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE):
        archive = tar_of([member("a", bytes(512), type=type_)])
        assert found_in(tmp_path / "s", archive) == [("package-damaged", "a")]


def test_sizes_below_zero(tmp_path: Path) -> None:
    header = tarfile.TarInfo("a")
    header.size = -512
    block = header.tobuf(tarfile.GNU_FORMAT)
    assert found_in(tmp_path / "s", tar_of([block])) == [("package-damaged", "a")]
