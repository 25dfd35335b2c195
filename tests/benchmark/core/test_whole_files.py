import resource
import shutil
import signal
import stat
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.whole_files import not_written, whole_file, write_text


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "new" / "file.txt"
    write_text(path, "one")
    write_text(path, "zwei ≥ 2")
    assert path.read_text(encoding="utf-8") == "zwei ≥ 2"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444 & ~_umask()


def _umask() -> int:
    import os

    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_half(path: Path) -> None:
    with whole_file(path) as temporary:
        assert temporary.name.endswith(".nii.gz")
        temporary.write_text("half")
        raise RuntimeError("disk full")


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "volume.nii.gz"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="disk full"):
        write_half(path)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["volume.nii.gz"]


def test_a_name_of_many_dots_leaves_room_for_the_temporary_one(tmp_path):
    path = tmp_path / (".".join(["1234567"] * 30) + ".nii.gz")
    with whole_file(path) as temporary:
        assert temporary.name.endswith(".nii.gz")
    assert path.exists()


@pytest.mark.parametrize("name", ["a" * 300, "a" * 300 + "/file", "file/in it"])
def test_an_error_names_the_file_that_was_to_be(name, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"too long|Not a directory|File exists") as refused:
        write_text(tmp_path / name, "x")
    assert refused.value.filename in {str(tmp_path / name), str((tmp_path / name).parent)}
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_of_a_full_disk_too(tmp_path):
    path, source = tmp_path / "copy", tmp_path / "source"
    source.write_bytes(b"x" * 5000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        for write in (lambda to: to.write_bytes(b"x" * 5000), lambda to: shutil.copyfile(source, to)):
            with pytest.raises(OSError, match="too large") as refused, whole_file(path) as temporary:
                write(temporary)
            assert str(not_written(refused.value, tmp_path)) == f"{path}: cannot be written (File too large)."
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handled)
    assert [entry.name for entry in tmp_path.iterdir()] == ["source"]


def test_what_could_not_be_read_is_named_as_it_is(tmp_path):
    with pytest.raises(FileNotFoundError) as refused, whole_file(tmp_path / "copy") as temporary:
        shutil.copyfile(tmp_path / "nothing", temporary)
    assert refused.value.filename == str(tmp_path / "nothing")
