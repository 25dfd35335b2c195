"""Builds the source distribution and the wheel from the tracked files, and compares what they hold with these."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement

from .stated import project

_BUILD = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv.pop(1))(sys.argv.pop(1))"
_BESIDE = {"setup.py"}
"""Modules at the root that are not of the package."""


def tracked_files(root: Path) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name]


def copy_of(root: Path, names: Iterable[str], folder: Path) -> Path:
    """Copies the files into `folder`: in a checkout, what an earlier build has left would get into the wheel."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, folder / name)
    return folder


def build_sdist(source: Path, out: Path) -> Path:
    _build("build_sdist", source, out)
    (built,) = out.glob("*.tar.gz")
    return built


def build_wheel(sdist: Path, out: Path) -> Path:
    """Builds it from the source distribution, so that one which lacks a file is found out."""
    unpacked = out / "unpacked"
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    (source,) = unpacked.iterdir()
    _build("build_wheel", source, out)
    (built,) = out.glob("*.whl")
    return built


def _build(hook: str, source: Path, out: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, hook, str(out)], cwd=source, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{hook} failed: {done.stderr.strip().splitlines()[-1:]}")


def files_of_the_package(tracked: Iterable[str]) -> set[str]:
    """Those that belong into the wheel: modules at the root, and what is in folders that are packages."""
    names = set(tracked)
    tops = {name.partition("/")[0] for name in names if name.count("/") == 1 and name.endswith("/__init__.py")}
    at_the_root = {name for name in names if "/" not in name and name.endswith(".py")} - _BESIDE
    # The recipe of a container is used from a checkout.
    below = {name for name in names if "/" in name and name.partition("/")[0] in tops}
    return {name for name in below if Path(name).name != "Dockerfile"} | at_the_root | {"py.typed", "constraints.txt"}


def file_faults(wheel: Path, tracked: Iterable[str]) -> list[str]:
    """Says what the wheel has too little and too much, beside the tracked files."""
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    meant = {f"mswal_bench/{name}" for name in files_of_the_package(tracked)}
    lacks = [f"the wheel lacks {name}: name it in pyproject.toml under package-data" for name in sorted(meant - held)]
    return lacks + [f"the wheel has {name}, which is not tracked: find out why" for name in sorted(held - meant)]


def licence_faults(wheel: Path) -> list[str]:
    """Says which licence, its own or a vendored library's, is not in the wheel, and what was changed."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if "/vendor/" in name or ".dist-info/" in name}
    faults = []
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in files):
        faults.append("the wheel lacks LICENSE: name it in pyproject.toml under license-files")
    for listing in (name for name in files if name.endswith("/vendor/VENDORED.json")):
        folder = listing.removesuffix("VENDORED.json")
        for library in json.loads(files[listing]):
            if not any(Path(name).name.startswith("LICENSE") for name in library["files"]):
                faults.append(f"{listing} names no licence of {library['name']}: add its LICENSE.txt")
            for name, digest in library["files"].items():
                if f"{folder}{name}" not in files:
                    faults.append(f"the wheel lacks {folder}{name}: put it back")
                elif digest != f"sha256:{hashlib.sha256(files[folder + name]).hexdigest()}":
                    faults.append(
                        f"{folder}{name} is not the file that VENDORED.json tells of: take it from its source"
                    )
    return faults


def constraint_faults(wheel: Path, root: Path) -> list[str]:
    """Says whether the tested versions are not in the wheel, or leave out what the core needs."""
    with zipfile.ZipFile(wheel) as archive:
        if "mswal_bench/constraints.txt" not in archive.namelist():
            return ["the wheel lacks constraints.txt: name it in pyproject.toml under package-data"]
        text = archive.read("mswal_bench/constraints.txt").decode()
    if text != (root / "constraints.txt").read_text(encoding="utf-8"):
        return ["constraints.txt in the wheel is not the checkout's: build it from a clean checkout"]
    tested = {_plain(name): version for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE)}
    faults = []
    for needed in map(Requirement, project(root)["dependencies"]):
        version = tested.get(_plain(needed.name))
        if version is None:
            faults.append(f"constraints.txt has no version of {needed.name}: add the one that is tested")
        elif not needed.specifier.contains(version, prereleases=True):
            faults.append(
                f"constraints.txt has {needed.name} {version}, and pyproject.toml asks for {needed}: mend one"
            )
    return faults


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
