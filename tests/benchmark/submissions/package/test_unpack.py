from __future__ import annotations

from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.submissions.package.unpack import unpacked
from mswal_bench.tests.benchmark.submissions.packages import FILES, PACKINGS, pack, zip_of

PREDICTIONS = {"case1": "predictions/a.nii.gz", "case2": "predictions/b.nii"}


@pytest.mark.parametrize("packing", PACKINGS)
def test_named_files_as_a_folder_for_a_while(tmp_path: Path, packing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / "s", packing, FILES)
    monkeypatch.chdir(tmp_path)
    with unpacked(Path("s"), PREDICTIONS) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        content = {file.name: file.read_bytes() for file in folder.iterdir()}
        assert all(file.is_symlink() == (packing == "folder") for file in folder.iterdir())
    assert content == {"case1.nii.gz": FILES["predictions/a.nii.gz"], "case2.nii": FILES["predictions/b.nii"]}
    assert not folder.exists()
    assert path.exists()
    if packing == "folder":
        assert (path / "predictions/a.nii.gz").read_bytes() == FILES["predictions/a.nii.gz"]


def test_nothing_is_left_after_a_failure(tmp_path: Path) -> None:
    archive = zip_of({"a.nii": b"1" * 1000})
    place = archive.index(b"PK\1\2") + 16
    archive[place] ^= 1
    path = tmp_path / "s"
    path.write_bytes(archive)
    (tmp_path / "temporary").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
        with pytest.raises(BenchError, match="checksum differs"), unpacked(path, {"a": "a.nii"}):
            pass
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("case", ["../a", "a/b", "/tmp/a", "", "a\\b", "..", "."])
def test_a_case_id_is_no_path(tmp_path: Path, case: str) -> None:
    path = pack(tmp_path / "s", "zip", FILES)
    if case in {"..", "."}:
        with unpacked(path, {case: "predictions/b.nii"}) as folder:
            assert [file.name for file in folder.iterdir()] == [f"{case}.nii"]
        return
    with pytest.raises(BenchError, match="not the file of a case"), unpacked(path, {case: "predictions/b.nii"}):
        pass


def test_only_label_maps_that_are_there(tmp_path: Path) -> None:
    path = pack(tmp_path / "s", "tar.gz", FILES)
    with pytest.raises(BenchError, match="not the file of a case"), unpacked(path, {"a": "submission.yaml"}):
        pass
    with pytest.raises(BenchError, match="has no nothing"), unpacked(path, {"a": "nothing.nii"}):
        pass
    with pytest.raises(BenchError, match="for two cases"), unpacked(path, dict.fromkeys("ab", "predictions/b.nii")):
        pass
    with pytest.raises(BenchError), unpacked(tmp_path / "none", {"a": "a.nii"}):
        pass
