from __future__ import annotations

import os
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.regular_files import open_regular, read_bytes, read_text


def test_a_file_is_read_through_links(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("größer", encoding="utf-8")
    (tmp_path / "link").symlink_to("file")
    assert read_text(tmp_path / "link") == "größer"
    with open_regular(tmp_path / "file") as file:
        assert file.read() == read_bytes(tmp_path / "link") == "größer".encode()


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        handles = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(OSError, match=r"a pipe or a device|directory") as refused:
            read_bytes(path)
        assert refused.value.filename == str(path)
        assert len(list(Path("/proc/self/fd").iterdir())) == handles
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "nothing")
