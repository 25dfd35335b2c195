from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.submissions.package.open_submission import open_submission
from mswal_bench.benchmark.submissions.package.size_limits import Bounds
from mswal_bench.benchmark.volumes.label_maps import check_labels, read_labels
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.tests.benchmark.submissions.packages import FILES, PACKINGS, found_in, opened, pack
from mswal_bench.tests.conftest import SaveLabels

LITTER = {
    ".DS_Store": b"1",
    "predictions/.DS_Store": b"2",
    "predictions/._a.nii.gz": b"3",
    "__MACOSX/predictions/._a.nii.gz": b"4",
    "predictions/Thumbs.db": b"5",
    "desktop.ini": b"6",
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_files_and_their_content(tmp_path: Path, packing: str) -> None:
    submission, content = opened(pack(tmp_path / "s", packing, FILES))
    assert submission.packing in packing
    assert submission.findings == ()
    assert content == FILES
    assert {file.name: file.size_bytes for file in submission.files} == {n: len(c) for n, c in FILES.items()}


@pytest.mark.parametrize("packing", PACKINGS)
def test_litter_and_one_folder_around_everything(tmp_path: Path, packing: str) -> None:
    inner = {f"My Method/{name}": content for name, content in (FILES | LITTER).items()}
    path = pack(tmp_path / "s", packing, inner | {"__MACOSX/My Method/._submission.yaml": b"7"})
    submission, content = opened(path)
    assert (submission.findings, content) == ((), FILES)


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_folder_of_the_predictions_is_not_taken_off(tmp_path: Path, packing: str) -> None:
    files = {name: content for name, content in FILES.items() if name.startswith("predictions/")}
    assert opened(pack(tmp_path / "s", packing, files))[1] == files


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_file_beside_a_folder_keeps_the_folder(tmp_path: Path, packing: str) -> None:
    files = {"sub/a.nii": b"a", "b.nii": b"b"}
    assert opened(pack(tmp_path / "s", packing, files))[1] == files


@pytest.mark.parametrize("packing", PACKINGS)
def test_volumes_are_read_from_where_they_lie(tmp_path: Path, packing: str, save_labels: SaveLabels) -> None:
    # More than what is kept of a file's beginning.
    labels = np.zeros((3, 367, 373))
    labels[:, 100:200] = np.random.default_rng(0).integers(0, 8, (3, 100, 373))
    files = {}
    for suffix in (".nii.gz", ".nii", ".mha"):
        path = save_labels(tmp_path / f"c{suffix}", labels)
        files[f"predictions/c{suffix}"] = path.read_bytes()
    with open_submission(pack(tmp_path / "s", packing, files)) as submission:
        # Backwards too, and one after another with others between.
        for file in (*submission.files, *reversed(submission.files)):
            stored = read_header(file)
            assert stored.geometry == read_header(path).geometry
            np.testing.assert_array_equal(read_labels(stored, 7).to_array(), labels)
        headers = [read_header(file) for file in submission.files]
        for header in headers:
            with pytest.raises(BenchError, match=f"{header.file.name}: voxels hold values that are not labels"):
                check_labels(header, 6)


@pytest.mark.parametrize("packing", PACKINGS)
def test_memory_is_that_of_a_few_blocks(tmp_path: Path, packing: str, save_labels: SaveLabels) -> None:
    labels = np.zeros((40, 512, 512), np.uint8)
    labels[10:20, 200:220, 200:220] = 3
    files = {
        f"{n}{s}": save_labels(tmp_path / f"c{s}", labels).read_bytes() for n in range(3) for s in (".nii.gz", ".nii")
    }
    path = pack(tmp_path / "s", packing, files)
    tracemalloc.start()
    with open_submission(path) as submission:
        for file in submission.files:
            check_labels(read_header(file), 7)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(map(len, files.values())) > 30 << 20
    assert peak_bytes < 8 << 20


@pytest.mark.parametrize("packing", PACKINGS)
def test_files_in_turns(tmp_path: Path, packing: str) -> None:
    files = {f"{n}.nii": bytes([n]) * 3_000_000 for n in range(3)}
    with open_submission(pack(tmp_path / "s", packing, files)) as submission:
        streams = {file.name: file.open() for file in submission.files}
        pieces = {name: [stream.read(100_000) for _ in range(30)] for name, stream in streams.items()}
        turns = {file.name: file.open() for file in submission.files}
        by_turns: dict[str, list[bytes]] = {name: [] for name in turns}
        for _ in range(3):
            for name, stream in turns.items():
                by_turns[name].append(stream.read(1_000_000))
        assert {name: b"".join(found) for name, found in pieces.items()} == files
        assert {name: b"".join(found) for name, found in by_turns.items()} == files


@pytest.mark.parametrize("packing", PACKINGS)
def test_names_that_are_one_on_some_system(tmp_path: Path, packing: str) -> None:
    files = {"a/A.nii": b"1", "a/a.nii": b"2", "e\u0301.nii": b"3", "\xe9.nii": b"4", "fine.nii": b"5"}
    path = pack(tmp_path / "s", packing, files)
    assert sorted(found_in(path)) == [
        ("similar-names", "a/A.nii"),
        ("similar-names", "a/a.nii"),
        ("similar-names", "e\u0301.nii"),
        ("similar-names", "\xe9.nii"),
    ]
    assert opened(path)[1] == {"fine.nii": b"5"}


@pytest.mark.parametrize("packing", ["zip", "tar", "tar.gz"])
def test_a_file_that_is_also_a_folder(tmp_path: Path, packing: str) -> None:
    path = pack(tmp_path / "s", packing, {"a": b"1", "a/b": b"2", "a-": b"3"})
    assert found_in(path) == [("similar-names", "a")]


@pytest.mark.parametrize("packing", PACKINGS)
def test_too_much_of_everything(tmp_path: Path, packing: str) -> None:
    path = pack(tmp_path / "s", packing, {f"{n}.nii": bytes(1000) for n in range(20)})
    room = Bounds(entries=20, file_bytes=1000, total_bytes=20_000)
    assert found_in(path, bounds=room) == []
    assert found_in(path, bounds=Bounds(19, 1000, 20_000)) == [("too-many-entries", "")]
    assert len(found_in(path, bounds=Bounds(20, 999, 20_000))) == 20
    assert found_in(path, bounds=Bounds(20, 999, 20_000))[0][0] == "file-too-large"
    submission, content = opened(path, Bounds(20, 1000, 19_999))
    assert [finding.code for finding in submission.findings] == ["total-too-large"]
    assert content == {}


@pytest.mark.parametrize("packing", PACKINGS)
def test_an_archive_within(tmp_path: Path, packing: str) -> None:
    path = pack(tmp_path / "s", packing, {"predictions.ZIP": b"1", "more.tar.gz": b"2", "a.nii.gz": b"3"})
    assert sorted(found_in(path)) == [("nested-archive", "more.tar.gz"), ("nested-archive", "predictions.ZIP")]


@pytest.mark.parametrize("packing", PACKINGS)
def test_an_empty_submission(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "s"
    path.mkdir() if packing == "folder" else pack(path, packing, {})
    submission, content = opened(path)
    assert (submission.findings, content) == ((), {})
    assert submission.packing in packing


def test_what_is_no_submission(tmp_path: Path) -> None:
    assert found_in(tmp_path / "none") == [("package-missing", "")]
    path = tmp_path / "s.zip"
    for content in (
        b"",
        b"PK",
        b"\x1f\x8b",
        b"BZh91AY",
        b"7z\xbc\xaf\x27\x1c",
        b"<html>",
        bytes(511),
        os.urandom(9000),
    ):
        assert found_in(path, content)[0][0].startswith("package-"), content[:20]
    assert found_in(path / "below a file") == [("package-missing", "")]
    os.mkfifo(tmp_path / "pipe")
    assert found_in(tmp_path / "pipe") == [("package-unknown", "")]


def test_an_archive_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / "s", "zip", FILES)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    assert found_in(path) == [("package-unreadable", "")]


def test_a_link_to_a_submission_is_the_submission(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(pack(tmp_path / "s", "folder", FILES))
    assert opened(tmp_path / "link")[1] == FILES


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("bounds", [Bounds(), Bounds(entries=2), Bounds(total_bytes=1000), Bounds(file_bytes=500)])
def test_narrower_bounds_after_it_was_opened(tmp_path: Path, packing: str, bounds: Bounds) -> None:
    path = pack(tmp_path / "s", packing, FILES)
    with open_submission(path) as wide, open_submission(path, bounds) as narrow:
        within = wide.within(bounds)
        assert [finding.code for finding in within.findings] == [finding.code for finding in narrow.findings]
        assert within.files == narrow.files
        assert narrow.within(bounds) == narrow
        assert bool(within.findings) == (bounds != Bounds())


def test_nothing_stays_open(tmp_path: Path) -> None:
    open_files = Path("/proc/self/fd")
    if not open_files.exists():
        pytest.skip("only Linux tells which files are open")
    before = len(list(open_files.iterdir()))
    for packing in PACKINGS:
        opened(pack(tmp_path / packing, packing, FILES))
    assert len(list(open_files.iterdir())) == before
