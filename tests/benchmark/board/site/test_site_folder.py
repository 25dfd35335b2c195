from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mswal_bench.benchmark.board.site.site_folder import check_site, replace_site
from mswal_bench.benchmark.core.claims import held
from mswal_bench.benchmark.core.errors import BenchError

OLD = {"assets/a.js": b"a", "methods/gone.html": b"gone", "methods/kept.html": b"kept", "index.html": b"old"}
NEW = {"index.html": b"new", "methods/kept.html": b"kept", "methods/more.html": b"more", "assets/a.js": b"A"}


def _build(site: Path, files: dict[str, bytes]) -> None:
    replace_site(site, files.items(), "1")


def _content(site: Path) -> dict[str, bytes]:
    files = {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert sorted(json.loads(files.pop("board.json"))["files"]) == sorted(files)
    return files


def _written(path: Path) -> tuple[int, int]:
    """Which file it is, and when it was written."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_it_is_replaced_and_what_stays_the_same_is_not_written(tmp_path: Path) -> None:
    site = tmp_path / "new" / "site"
    _build(site, OLD)
    assert _content(site) == OLD
    kept = _written(site / "methods/kept.html")
    _build(site, {name: content for name, content in NEW.items() if name != "methods/more.html"} | {"b/c.html": b""})
    assert _content(site) == {"index.html": b"new", "methods/kept.html": b"kept", "assets/a.js": b"A", "b/c.html": b""}
    assert _written(site / "methods/kept.html") == kept
    _build(site, {"index.html": b"new"})
    assert [path.name for path in sorted(site.iterdir())] == ["board.json", "index.html"], "empty folders go too"
    listing = _written(site / "board.json")
    _build(site, {"index.html": b"new"})
    assert _written(site / "board.json") == listing


def test_a_file_that_was_changed_in_the_site_is_written_again(tmp_path: Path) -> None:
    _build(tmp_path, OLD)
    (tmp_path / "index.html").write_bytes(b"odd")
    (tmp_path / "assets/a.js").unlink()
    _build(tmp_path, OLD)
    assert _content(tmp_path) == OLD


def test_the_front_page_changes_when_all_it_links_to_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _build(tmp_path, OLD)
    replace, steps = Path.replace, []

    def seen(self: Path, target: Path) -> Path:
        there = {name for name in (*OLD, *NEW) if (tmp_path / name).exists()}
        assert there >= (NEW if (tmp_path / "index.html").read_bytes() == b"new" else OLD).keys()
        check_site(tmp_path)
        steps.append(Path(target).name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", seen)
    _build(tmp_path, NEW)
    assert steps == ["board.json", "a.js", "more.html", "index.html", "board.json"]


def _failing(error: Exception) -> Iterator[tuple[str, bytes]]:
    yield "index.html", b"new"
    raise error


def test_a_failure_on_the_way_leaves_the_site_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    with pytest.raises(ValueError, match="no record"):
        replace_site(site, _failing(ValueError("no record")), "1")
    assert not site.exists()
    _build(site, OLD)
    # Not that the site cannot be written: it was something else that could not be read.
    with pytest.raises(FileNotFoundError):
        replace_site(site, _failing(FileNotFoundError(2, "No such file", "record.json")), "1")
    write = Path.write_bytes

    def full(self: Path, content: bytes) -> int:
        if self.name == "more.html":
            raise OSError(28, "No space left on device")
        return write(self, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BenchError, match=r"site: the site cannot be written \(No space left"):
        _build(site, NEW)
    assert _content(site) == OLD


def test_two_at_once_are_told_apart(tmp_path: Path) -> None:
    _build(tmp_path, OLD)
    with held(tmp_path / ".building"), pytest.raises(BenchError, match="another process builds the site"):
        _build(tmp_path, NEW)
    _build(tmp_path, NEW)
    assert _content(tmp_path) == NEW


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    _build(tmp_path, OLD)
    (tmp_path / "index.html").unlink()
    os.mkfifo(tmp_path / "index.html")
    _build(tmp_path, OLD)
    assert _content(tmp_path) == OLD
    (tmp_path / "board.json").unlink()
    os.mkfifo(tmp_path / "board.json")
    with pytest.raises(BenchError, match="not the listing of a board"):
        _build(tmp_path, OLD)
