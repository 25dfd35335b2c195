from __future__ import annotations

import hashlib
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

import mswal_bench
from mswal_bench.benchmark.core.vendored import vendored

ROOT = Path(mswal_bench.__file__).parent
PACKAGES = sorted(
    f"mswal_bench.{path.parents[1].relative_to(ROOT).as_posix().replace('/', '.')}"
    for path in (ROOT / "benchmark").rglob("VENDORED.json")
)


def folder_of(package: str) -> Path:
    return ROOT.joinpath(*package.split(".")[1:])


def test_the_board_and_the_pages_of_cases_have_libraries() -> None:
    assert {package.rpartition(".")[2] for package in PACKAGES} == {"site", "explorer"}


@pytest.mark.parametrize("package", PACKAGES)
def test_vendored_files_are_those_of_their_release(package: str) -> None:
    for library in vendored(package):
        assert library["version"]
        assert library["source"] == f"npm:{library['name']}@{library['version']}"
        for name, digest in library["files"].items():
            content = (folder_of(package) / "vendor" / name).read_bytes()
            assert f"sha256:{hashlib.sha256(content).hexdigest()}" == digest, name


@pytest.mark.parametrize("package", PACKAGES)
def test_every_vendored_file_is_listed_and_every_library_has_its_licence(package: str) -> None:
    vendor = folder_of(package) / "vendor"
    listed = {name for library in vendored(package) for name in library["files"]}
    there = {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()}
    assert there == listed | {"VENDORED.json"}
    for library in vendored(package):
        (licence,) = (name for name in library["files"] if name.endswith("/LICENSE.txt"))
        assert library["licence"] in (vendor / licence).read_text()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_has_every_file_of_the_package(package: str) -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"][package]
    for path in folder_of(package).rglob("*"):
        name = path.relative_to(folder_of(package)).as_posix()
        if path.is_file() and path.suffix not in {".py", ".pyc"}:
            # `*` of a pattern does not cross folders there.
            assert any(fnmatch(name, p) and name.count("/") == p.count("/") for p in patterns), name
