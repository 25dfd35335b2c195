from __future__ import annotations

import errno
import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.link_or_copy import Way, is_placed, place, state_of

HOUR_NS = 3600 * 10**9


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "src" / "a.nii.gz"
    path.parent.mkdir()
    path.write_bytes(b"content")
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "dst").mkdir()
    return tmp_path / "dst" / "b.nii.gz"


def refuse(*_: object, **__: object) -> None:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


def age(path: Path, by_ns: int) -> None:
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + by_ns))


def test_a_hard_link_first(source: Path, target: Path) -> None:
    assert not is_placed(source, target, None, copy=False)
    assert place(source, target, copy=False) is Way.HARD_LINK
    assert target.samefile(source)
    assert not target.is_symlink()
    assert is_placed(source, target, None, copy=False)
    assert list(target.parent.iterdir()) == [target]


def test_a_symbolic_link_next_from_anywhere(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.chdir(tmp_path)
    assert place(Path("src/a.nii.gz"), Path("dst/b.nii.gz"), copy=False) is Way.SYMLINK
    monkeypatch.chdir("/")
    assert target.readlink() == source
    assert target.read_bytes() == b"content"
    assert is_placed(source, target, None, copy=False)


def test_a_copy_last(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "symlink", refuse)
    assert place(source, target, copy=False) is Way.COPY
    assert target.read_bytes() == b"content"
    assert not target.samefile(source)
    assert is_placed(source, target, state_of(source), copy=False)


def test_a_link_of_the_source_is_followed(source: Path, target: Path) -> None:
    alias = source.with_name("alias.nii.gz")
    alias.symlink_to(source.name)
    assert place(alias, target, copy=False) is Way.HARD_LINK
    assert not target.is_symlink()
    assert is_placed(alias, target, None, copy=False)


def test_copies_on_request_also_over_links(source: Path, target: Path) -> None:
    place(source, target, copy=False)
    assert not is_placed(source, target, None, copy=True)
    assert place(source, target, copy=True) is Way.COPY
    assert not target.samefile(source)
    assert is_placed(source, target, state_of(source), copy=True)
    assert source.read_bytes() == target.read_bytes() == b"content"


@pytest.mark.parametrize("copy", [False, True])
def test_what_has_to_be_compressed_is(tmp_path: Path, target: Path, copy: bool) -> None:
    source = tmp_path / "a.nii"
    source.write_bytes(bytes(range(256)) * 9999)
    assert place(source, target, copy=copy) is Way.PACKED
    assert gzip.decompress(target.read_bytes()) == source.read_bytes()
    assert is_placed(source, target, state_of(source), copy=copy)
    first = target.read_bytes()
    place(source, target, copy=copy)
    assert target.read_bytes() == first


@pytest.mark.parametrize("younger_by_ns", [-HOUR_NS, 0, HOUR_NS])
def test_a_source_that_is_another_file_takes_its_place_again(source: Path, target: Path, younger_by_ns: int) -> None:
    placed = state_of(source)
    place(source, target, copy=True)
    assert is_placed(source, target, placed, copy=True)
    other = source.with_name("other")
    other.write_bytes(b"CONTENT")
    os.utime(other, ns=(placed["mtime_ns"] + younger_by_ns,) * 2)
    other.replace(source)
    assert not is_placed(source, target, placed, copy=True)


def test_a_source_that_was_written_to_takes_its_place_again(source: Path, target: Path) -> None:
    placed = state_of(source)
    place(source, target, copy=True)
    source.write_bytes(b"CONTENT")
    age(source, -HOUR_NS)
    assert not is_placed(source, target, placed, copy=True)


def test_a_file_that_was_repaired_since_stays(source: Path, target: Path) -> None:
    placed = state_of(source)
    place(source, target, copy=False)
    repaired = target.with_name("repaired")
    repaired.write_bytes(b"repaired")
    repaired.replace(target)
    age(target, -HOUR_NS)
    assert is_placed(source, target, placed, copy=False)
    assert not is_placed(source, target, None, copy=False)
    assert source.read_bytes() == b"content"


def test_a_link_to_nothing_is_not_in_place(source: Path, target: Path) -> None:
    target.symlink_to("nowhere")
    assert not is_placed(source, target, None, copy=False)
    place(source, target, copy=False)
    assert target.read_bytes() == b"content"


@pytest.mark.parametrize("copy", [False, True])
def test_a_full_disk_leaves_nothing_half_written(
    source: Path, target: Path, copy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path, half: Path) -> None:
        half.write_bytes(b"con")
        raise OSError(errno.ENOSPC, "No space left on device")

    for name, function in (("link", refuse), ("symlink", refuse)):
        monkeypatch.setattr(os, name, function)
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left on device"):
        place(source, target, copy=copy)
    assert not list(target.parent.iterdir())


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder on another file system."""
    path = Path("/dev/shm")
    if not path.is_dir() or path.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system to write to (/dev/shm)")
    return path


def test_across_file_systems(source: Path, elsewhere: Path, request: pytest.FixtureRequest) -> None:
    target = elsewhere / f"mswal-bench-{os.getpid()}.nii.gz"
    finalizer: Callable[[], None] = target.unlink
    request.addfinalizer(finalizer)
    assert place(source, target, copy=False) is Way.SYMLINK
    assert place(source, target, copy=True) is Way.COPY
    assert target.read_bytes() == b"content"
