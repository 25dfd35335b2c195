from __future__ import annotations

import hashlib
from pathlib import Path

import mswal_bench
from mswal_bench.benchmark.board.site.site_pages import vendored

VENDOR = Path(mswal_bench.__file__).parent / "benchmark" / "board" / "site" / "vendor"


def test_vendored_files_are_those_of_their_release() -> None:
    for library in vendored():
        assert library["version"]
        assert library["source"] == f"npm:{library['name']}@{library['version']}"
        for name, digest in library["files"].items():
            assert f"sha256:{hashlib.sha256((VENDOR / name).read_bytes()).hexdigest()}" == digest, name


def test_every_vendored_file_is_listed_and_every_library_has_its_licence() -> None:
    listed = {name for library in vendored() for name in library["files"]}
    there = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert there == listed | {"VENDORED.json"}
    for library in vendored():
        (licence,) = (name for name in library["files"] if "LICENSE" in name)
        assert library["licence"] in (VENDOR / licence).read_text()


def test_the_wheel_has_every_file_of_the_board() -> None:
    import tomllib
    from fnmatch import fnmatch

    root = VENDOR.parents[3]
    package = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    patterns = package["mswal_bench.benchmark.board.site"]
    for path in VENDOR.parent.rglob("*"):
        name = path.relative_to(VENDOR.parent).as_posix()
        if path.is_file() and path.suffix not in {".py", ".pyc"}:
            # `*` of a pattern does not cross folders there.
            assert any(fnmatch(name, p) and name.count("/") == p.count("/") for p in patterns), name
