from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from mswal_bench.benchmark.submissions.package.listing import PackageError
from mswal_bench.benchmark.submissions.package.open_submission import open_submission
from mswal_bench.benchmark.submissions.package.size_limits import Bounds
from mswal_bench.tests.benchmark.submissions.packages import FILES, found_in, opened, pack, zip_of
from mswal_bench.tests.counted_calls import at_most_calls

DIRECTORY, LOCAL, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"


def _edited(archive: bytearray, signature: bytes, offset: int, form: str, value: int, nth: int = 0) -> bytearray:
    """The archive with one number changed in the `nth` record of a kind."""
    place = -1
    for _ in range(nth + 1):
        place = archive.index(signature, place + 1)
    struct.pack_into(form, archive, place + offset, value)
    return archive


def _read_error(path: Path, archive: bytes | bytearray) -> str:
    path.write_bytes(archive)
    with open_submission(path) as submission, submission.files[-1].open() as file:
        assert submission.findings == ()
        with pytest.raises(PackageError) as error:
            list(iter(lambda: file.read(1000), b""))
    assert error.value.finding.file == submission.files[-1].name
    return error.value.finding.code


def test_many_files_and_64_bit_numbers(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(9000):
            with archive.open(f"{number}.nii", "w", force_zip64=True) as file:
                file.write(b"%d" % number)
        archive.comment = b"PK\5\6" * 10
    submission, content = opened(path)
    assert submission.findings == ()
    assert content == {f"{number}.nii": b"%d" % number for number in range(9000)}


def test_64_bit_sizes_and_offsets(tmp_path: Path) -> None:
    # As a writer of more than 4 GB does it: all numbers in the extra field, and an end record of 64 bits.
    local = struct.pack("<4s5H3L2H", LOCAL, 45, 0, 0, 0, 0, 0x8C736521, 0xFFFFFFFF, 0xFFFFFFFF, 1, 20) + b"a"
    local += struct.pack("<2H2Q", 1, 16, 3, 3) + b"foo"
    entry = struct.pack(
        "<4s6H3L5H2L", DIRECTORY, 45, 45, 0, 0, 0, 0, 0x8C736521, 0xFFFFFFFF, 0xFFFFFFFF, 1, 28, 0, 0, 0, 0, 0xFFFFFFFF
    )
    entry += b"a" + struct.pack("<2H3Q", 1, 24, 3, 3, 0)
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(entry), len(local))
    end += struct.pack("<4sLQL", b"PK\6\7", 0, len(local) + len(entry), 1)
    end += struct.pack("<4s4H2LH", END, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path = tmp_path / "s"
    path.write_bytes(local + entry + end)
    with zipfile.ZipFile(path) as archive:
        assert archive.read("a") == b"foo"
    assert opened(path)[1] == {"a": b"foo"}
    assert found_in(path, local + entry + end.replace(b"PK\6\6", b"PK\6\0")) == [("package-damaged", "")]
    two_disks = end.replace(struct.pack("<L", 1) + END, struct.pack("<L", 2) + END)
    assert found_in(path, local + entry + two_disks) == [("package-multi-volume", "")]


def test_backslashes_only_where_nothing_else_can_be_meant(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_bytes(zip_of({"M\\submission.yaml": b"1", "M\\predictions\\a.nii": b"2"}))
    assert opened(path)[1] == {"submission.yaml": b"1", "predictions/a.nii": b"2"}
    assert found_in(path, zip_of({"submission.yaml": b"1", "a\\b": b"2", "a/c": b"3"})) == [("backslash-name", "a\\b")]
    assert found_in(path, zip_of({"..\\a": b"2"})) == [("path-traversal", "../a")]
    assert found_in(path, zip_of({"C:\\a": b"2"})) == [("absolute-name", "C:/a")]


@pytest.mark.parametrize(
    ("name", "code"),
    [("../a", "path-traversal"), ("/a", "absolute-name"), ("a\x01", "control-character"), ("a" * 300, "name-too-long")],
)
def test_names(tmp_path: Path, name: str, code: str) -> None:
    path = tmp_path / "s"
    path.write_bytes(zip_of({name: b"1", "fine.nii": b"2"}))
    submission, content = opened(path)
    assert [finding.code for finding in submission.findings] == [code]
    assert content == {"fine.nii": b"2"}


def test_a_file_without_a_name(tmp_path: Path) -> None:
    assert found_in(tmp_path / "s", zip_of({".": b"1", "a": b"2"})) == [("package-damaged", "")]


def test_a_name_that_ends_early_for_some(tmp_path: Path) -> None:
    archive = zip_of({"a.nii#.exe": b"1"}).replace(b"#", b"\0")
    assert [code for code, _ in found_in(tmp_path / "s", archive)] == ["control-character"]


def test_names_in_other_codes(tmp_path: Path) -> None:
    utf8 = zip_of({"predictions_\xe9.nii": b"1"})
    # Without the flag that says UTF-8, as macOS writes them.
    _edited(utf8, LOCAL, 6, "<H", 0)
    _edited(utf8, DIRECTORY, 8, "<H", 0)
    path = tmp_path / "s"
    path.write_bytes(utf8)
    assert opened(path)[1] == {"predictions_\xe9.nii": b"1"}
    latin = utf8.replace("\xe9".encode(), b"\xe9\xe8")
    assert found_in(path, latin) == [("name-not-utf8", "predictions_\\xe9\\xe8.nii")]


@pytest.mark.parametrize(
    ("mode", "code"),
    [(0o120777, "symbolic-link"), (0o010644, "special-file"), (0o060644, "special-file"), (0o140644, "special-file")],
)
@pytest.mark.parametrize("system", [0, 3])
def test_what_is_no_file(tmp_path: Path, mode: int, code: str, system: int) -> None:
    entry = zipfile.ZipInfo("link.nii")
    entry.external_attr, entry.create_system = mode << 16, system
    assert found_in(tmp_path / "s", zip_of({entry: b"/etc/passwd"})) == [(code, "link.nii")]


def test_folders_are_passed_over_and_must_be_some(tmp_path: Path) -> None:
    folder, false = zipfile.ZipInfo("a/"), zipfile.ZipInfo("b")
    folder.external_attr, false.external_attr = 0o40755 << 16, 0o40755 << 16
    path = tmp_path / "s"
    assert found_in(path, zip_of({folder: b""})) == []
    assert found_in(path, zip_of({folder: b"1"})) == [("package-damaged", "a")]
    assert found_in(path, zip_of({false: b""})) == [("package-damaged", "b")]


@pytest.mark.parametrize("flag", [1, 1 << 6])
def test_encrypted(tmp_path: Path, flag: int) -> None:
    archive = _edited(zip_of({"a": b"1"}), DIRECTORY, 8, "<H", flag)
    path = tmp_path / "s"
    assert found_in(path, archive) == [("package-damaged", "a")]
    assert found_in(path, _edited(archive, LOCAL, 6, "<H", flag)) == [("encrypted", "a")]
    aes = _edited(_edited(zip_of({"a": b"1"}), DIRECTORY, 10, "<H", 99), LOCAL, 8, "<H", 99)
    assert found_in(path, aes) == [("encrypted", "a")]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression(tmp_path: Path, method: int) -> None:
    path = tmp_path / "s"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a", b"1")
    assert found_in(path) == [("unsupported-compression", "a")]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_twice(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with zipfile.ZipFile(path, "w") as archive:
        for text in ("1", "2", "3"):
            archive.writestr("a.nii", text)
    submission, content = opened(path)
    assert [(finding.code, finding.found) for finding in submission.findings] == [("duplicate-name", "3 times")]
    assert content == {}
    assert found_in(path, zip_of({"a.nii": b"1", "./a.nii": b"2"})) == [("duplicate-name", "a.nii")]


@pytest.mark.parametrize("packing", ["zip", "stored.zip"])
def test_content_that_is_not_what_was_packed(tmp_path: Path, packing: str) -> None:
    path = pack(tmp_path / "s", packing, {"a.nii": bytes(5000)})
    archive = bytearray(path.read_bytes())
    assert _read_error(path, _edited(archive[:], DIRECTORY, 16, "<L", 7)) == "checksum-differs"
    if packing == "zip":
        for size in (0, 4999, 5001, 1 << 30):
            assert _read_error(path, _edited(archive[:], DIRECTORY, 24, "<L", size)) == "size-differs"
        packed = struct.unpack_from("<L", archive, archive.index(DIRECTORY) + 20)[0]
        assert _read_error(path, _edited(archive[:], DIRECTORY, 20, "<L", packed - 5)) == "size-differs"
        archive[35 + 3] ^= 0x55
        assert _read_error(path, archive) in {"package-damaged", "size-differs", "checksum-differs"}
    else:
        archive[35 + 100] ^= 1
        assert _read_error(path, archive[:]) == "checksum-differs"
        assert found_in(path, _edited(archive, DIRECTORY, 24, "<L", 4999)) == [("size-differs", "a.nii")]


def test_bytes_after_what_is_compressed(tmp_path: Path) -> None:
    path = pack(tmp_path / "s", "stored.zip", {"a.nii": b"\x03\x00" + b"hidden"})
    archive = bytearray(path.read_bytes())
    for signature, offset in ((LOCAL, 8), (DIRECTORY, 10)):
        _edited(archive, signature, offset, "<H", zipfile.ZIP_DEFLATED)
    _edited(_edited(archive, DIRECTORY, 24, "<L", 0), DIRECTORY, 16, "<L", 0)
    assert _read_error(path, archive) == "size-differs"


def test_entries_that_share_bytes(tmp_path: Path) -> None:
    """As in David Fifield's zip bomb, where all entries end in the same kernel."""
    path = tmp_path / "s"
    content = bytes(range(256)) * 4
    archive = zip_of({"a.nii": content, "b.nii": content})
    assert found_in(path, archive) == []
    size = struct.unpack_from("<L", archive, archive.index(DIRECTORY) + 20)[0]
    longer = _edited(archive[:], DIRECTORY, 20, "<L", size + 40)
    assert found_in(path, longer) == [("overlapping-entries", "b.nii")]
    same = zip_of({"a.nii": content, "a.nij": content})
    same[:] = same.replace(b"a.nij", b"a.nii")
    assert found_in(path, _edited(same, DIRECTORY, 42, "<L", 0, nth=1)) == [("overlapping-entries", "a.nii")]
    into_directory = _edited(archive[:], DIRECTORY, 20, "<L", size + 40, nth=1)
    assert found_in(path, into_directory) == [("overlapping-entries", "")]


def test_a_million_entries_are_refused_before_they_are_read(tmp_path: Path) -> None:
    entry = struct.pack("<4s6H3L5H2L", DIRECTORY, 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    local = struct.pack("<4s5H3L2H", LOCAL, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    for count, claimed in ((1_000_000, 1_000_000), (300_000, 3), (300_000, 65_535)):
        size = count * len(entry)
        end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, claimed, claimed, size, len(local))
        end += struct.pack("<4sLQL", b"PK\6\7", 0, len(local) + size, 1)
        end += struct.pack("<4s4H2LH", END, 0, 0, 0xFFFF, 0xFFFF, size, len(local), 0)
        path = tmp_path / "s"
        path.write_bytes(local + entry * count + end)
        with at_most_calls(250_000):
            assert found_in(path) == [("too-many-entries", "")]
        path.unlink()


def test_a_bomb_of_layers_and_one_of_size(tmp_path: Path) -> None:
    path = tmp_path / "s"
    assert found_in(path, zip_of({"1.zip": bytes(zip_of({"2.zip": b""}))})) == [("nested-archive", "1.zip")]
    bomb = zip_of({f"{n}.nii": bytes(1 << 20) for n in range(40)})
    assert len(bomb) < 60_000
    assert found_in(path, bomb, Bounds(file_bytes=1 << 20, total_bytes=39 << 20)) == [("total-too-large", "")]


def test_cut_off_anywhere(tmp_path: Path) -> None:
    whole = pack(tmp_path / "s", "zip", FILES).read_bytes()
    for length in range(len(whole)):
        codes = {code for code, _ in found_in(tmp_path / "s", whole[:length])}
        assert len(codes) == 1
        assert codes <= {"package-truncated", "package-unknown"}, (length, codes)


def test_something_around_the_archive(tmp_path: Path) -> None:
    whole = bytes(zip_of({"a": b"1"}))
    path = tmp_path / "s"
    assert found_in(path, whole + b"more") == [("trailing-data", "")]
    assert found_in(path, b"#!/bin/sh\n" + whole) == [("package-unknown", "")]
    assert found_in(path, b"PK\3\4" + whole) == [("package-damaged", "")]
    assert found_in(path, whole + whole)[0][0] == "package-damaged"


def test_one_of_several_volumes(tmp_path: Path) -> None:
    archive = zip_of({"a": b"1"})
    path = tmp_path / "s"
    assert found_in(path, _edited(archive[:], END, 4, "<H", 1)) == [("package-multi-volume", "")]
    assert found_in(path, _edited(archive[:], END, 8, "<H", 7)) == [("package-multi-volume", "")]
    assert found_in(path, _edited(archive[:], DIRECTORY, 34, "<H", 2)) == [("package-multi-volume", "")]


def test_a_directory_that_contradicts_itself(tmp_path: Path) -> None:
    archive = zip_of({"a": b"1", "b": b"2"})
    path = tmp_path / "s"
    for edited in (
        _edited(_edited(archive[:], END, 8, "<H", 3), END, 10, "<H", 3),
        _edited(archive[:], DIRECTORY, 0, "<L", 0, nth=1),
        _edited(archive[:], DIRECTORY, 30, "<H", 9),
        _edited(archive[:], LOCAL, 8, "<H", 0),
        _edited(archive[:], LOCAL, 30, "<B", ord("c")),
        _edited(archive[:], DIRECTORY, 42, "<L", 1 << 31),
    ):
        assert [code for code, _ in found_in(path, edited)] == ["package-damaged"]


def test_numbers_of_64_bits_where_they_need_not_be(tmp_path: Path) -> None:
    """As torch ends its files; both ends have to say the same."""
    archive = zip_of({"a": b"1", "b": b"2"})
    end = archive.index(END)
    *_, entries, size, offset, _ = struct.unpack("<4s4H2LH", archive[end:])
    path = tmp_path / "s"

    def ended(entries: int, size: int, offset: int) -> bytes:
        wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, size, offset)
        locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
        return bytes(archive[:end]) + wide + locator + bytes(archive[end:])

    path.write_bytes(ended(entries, size, offset))
    submission, content = opened(path)
    assert (submission.findings, content) == ((), {"a": b"1", "b": b"2"})
    for other in ((1, size, offset), (entries, size - 1, offset + 1), (entries, size, offset + 1)):
        assert [code for code, _ in found_in(path, ended(*other))] == ["package-damaged"]
