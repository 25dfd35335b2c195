from __future__ import annotations

import gzip
import hashlib
import io
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.submissions.package.listing import PackageError, SubmittedFile
from mswal_bench.benchmark.submissions.package.open_submission import Submission, open_submission
from mswal_bench.benchmark.submissions.package.private_copy import SubmissionCopy, copied
from mswal_bench.benchmark.volumes.label_maps import check_labels
from mswal_bench.benchmark.volumes.volume_header import read_header
from mswal_bench.tests.benchmark.submissions.packages import FILES, PACKINGS, pack, zip_of

PREDICTIONS = {"a": "predictions/a.nii.gz", "b": "predictions/b.nii"}


def _copy(path: Path, to: Path) -> SubmissionCopy:
    to.mkdir()
    with open_submission(path) as submission:
        return copied(submission, lambda name: name.startswith("predictions/"), to)


def _folder_of(copy: SubmissionCopy, predictions: dict[str, str], folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    copy.link(predictions, folder)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("packing", PACKINGS)
def test_copies_outlive_the_submission(tmp_path: Path, packing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / "s", packing, FILES | {"notes.txt": b"more"})
    monkeypatch.chdir(tmp_path)
    copy = _copy(Path("s"), Path("copies"))
    assert copy.is_whole
    assert [file.name for file in copy.files] == [*FILES, "notes.txt"] if packing != "folder" else True
    assert len(list((tmp_path / "copies").iterdir())) == 2, "the form and the notes were not asked for"
    if packing == "folder":
        shutil.rmtree(path)
    else:
        path.unlink()
    for name in PREDICTIONS.values():
        with copy.copies[name].open() as file:
            assert file.read() == FILES[name]
    content = _folder_of(copy, {"case1": "predictions/a.nii.gz", "case2": "predictions/b.nii"}, tmp_path / "linked")
    assert content == {"case1.nii.gz": FILES["predictions/a.nii.gz"], "case2.nii": FILES["predictions/b.nii"]}


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_digest_is_of_the_files_alone(tmp_path: Path, packing: str) -> None:
    by_hand = hashlib.sha256()
    for case, name in PREDICTIONS.items():
        by_hand.update(case.encode() + b"\0" + hashlib.sha256(FILES[name]).digest())
    expected = f"sha256:{by_hand.hexdigest()}"
    assert _copy(pack(tmp_path / "s", packing, FILES), tmp_path / "1").digest(PREDICTIONS) == expected
    nested = {f"M/{name}": content for name, content in reversed((FILES | {"more.txt": b"more"}).items())}
    copy = _copy(pack(tmp_path / "t", packing, nested), tmp_path / "2")
    assert copy.digest(dict(reversed(PREDICTIONS.items()))) == expected


def test_the_digest_changes_with_case_and_content(tmp_path: Path) -> None:
    copy = _copy(pack(tmp_path / "s", "zip", FILES), tmp_path / "1")
    other = _copy(pack(tmp_path / "t", "zip", FILES | {"predictions/b.nii": b"Second"}), tmp_path / "2")
    swapped = {"a": PREDICTIONS["b"], "b": PREDICTIONS["a"]}
    digests = [copy.digest(PREDICTIONS), copy.digest(swapped), copy.digest({"a": PREDICTIONS["a"]})]
    assert len({*digests, other.digest(PREDICTIONS)}) == 4


@pytest.mark.parametrize("case", ["../a", "a/b", "/tmp/a", "", "a\\b", "..", "."])
def test_a_case_id_is_no_path(tmp_path: Path, case: str) -> None:
    copy = _copy(pack(tmp_path / "s", "zip", FILES), tmp_path / "copies")
    if case in {"..", "."}:
        assert list(_folder_of(copy, {case: "predictions/b.nii"}, tmp_path / "linked")) == [f"{case}.nii"]
        return
    with pytest.raises(BenchError, match="not the file of a case"):
        _folder_of(copy, {case: "predictions/b.nii"}, tmp_path / "linked")


def test_only_what_was_copied(tmp_path: Path) -> None:
    copy = _copy(pack(tmp_path / "s", "tar.gz", FILES | {"predictions/notes.txt": b"x"}), tmp_path / "copies")
    for predictions, told in (
        ({"a": "submission.yaml"}, "has no submission.yaml"),
        ({"b": "d.nii", "a": "c.nii"}, r"has no c\.nii, d\.nii"),
        (dict.fromkeys("ab", "predictions/b.nii"), "for two cases"),
    ):
        with pytest.raises(BenchError, match=told):
            copy.digest(predictions)
    with pytest.raises(BenchError, match="not the file of a case"):
        copy.link({"a": "predictions/notes.txt"}, tmp_path)


def test_a_copy_that_is_not_whole_ends_as_the_file_does(tmp_path: Path) -> None:
    """What is wrong with a file is found in its copy too, and its digest is none."""
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.ones((3, 4, 5), np.uint8)), str(tmp_path / "a.nii"))
    archive = zip_of({"predictions/a.nii": (tmp_path / "a.nii").read_bytes()})
    archive[archive.index(b"PK\1\2") + 16] ^= 1
    (tmp_path / "s").write_bytes(archive)
    copy = _copy(tmp_path / "s", tmp_path / "copies")
    assert not copy.is_whole
    header = read_header(copy.files[0])
    assert header.geometry.shape == (5, 4, 3)
    with pytest.raises(PackageError, match="checksum differs"):
        check_labels(header, 7)
    with pytest.raises(BenchError, match=r"could not be read .*checksum differs"):
        copy.digest({"a": "predictions/a.nii"})
    with pytest.raises(BenchError, match="could not be read"):
        copy.link({"a": "predictions/a.nii"}, tmp_path)


@pytest.mark.parametrize(("now", "found"), [(b"secon", "5 bytes"), (b"second, and without end" * 9999, "more")])
def test_a_file_that_changes_its_length_after_it_was_listed(tmp_path: Path, now: bytes, found: str) -> None:
    path = pack(tmp_path / "s", "folder", FILES)
    (tmp_path / "copies").mkdir()
    with open_submission(path) as submission:
        with (path / "predictions/b.nii").open("r+b") as file:
            file.truncate()
            file.write(now)
        copy = copied(submission, lambda name: name.endswith("b.nii"), tmp_path / "copies")
    fault = copy.copies["predictions/b.nii"].fault
    assert isinstance(fault, PackageError)
    assert (fault.finding.code, fault.finding.found) == ("size-differs", found)
    assert sum(each.stat().st_size for each in (tmp_path / "copies").iterdir()) <= len("second")


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    path = pack(tmp_path / "s", "folder", FILES)
    (tmp_path / "copies").mkdir()
    with open_submission(path) as submission:
        (path / "predictions/b.nii").unlink()
        copy = copied(submission, lambda name: name.endswith("b.nii"), tmp_path / "copies")
    with pytest.raises(BenchError, match=r"b\.nii: cannot be read \(No such file"):
        read_header(copy.copies["predictions/b.nii"])


def test_no_room_is_told_before_anything_is_copied(tmp_path: Path) -> None:
    huge = SubmittedFile("predictions/a.nii", 1 << 60, partial(pytest.fail, "was opened"))
    with pytest.raises(BenchError, match="no room for a copy of the predictions") as raised:
        copied(Submission("folder", (huge,), ()), lambda _: True, tmp_path)
    assert raised.value.problems[0].expected == f"{1 << 40} MiB"
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written(tmp_path: Path) -> None:
    file = SubmittedFile("predictions/a.nii", 4, partial(io.BytesIO, b"1234"))  # type: ignore[arg-type]
    (tmp_path / "1").write_bytes(b"in the way")
    with pytest.raises(BenchError, match="cannot be written"):
        copied(Submission("folder", (file,), ()), lambda _: True, tmp_path)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "s"
    path.write_bytes(zip_of({"predictions/a.nii": bytes(64 << 20), "predictions/b.nii.gz": gzip.compress(b"1")}))
    tracemalloc.start()
    try:
        assert _copy(path, tmp_path / "copies").is_whole
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
