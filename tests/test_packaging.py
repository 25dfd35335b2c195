"""What is built and installed: every file of the package, nothing else, and under names that every pip takes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from datetime import date
from importlib import metadata
from pathlib import Path

import pytest
from packaging.version import InvalidVersion, Version

import mswal_bench
from mswal_bench.tests.release.archives import build_sdist, build_wheel
from mswal_bench.tests.release.stated import version_faults

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = ("baselines", "benchmark", "metrics", "results", "splits")
AT_THE_ROOT = {"__init__.py", "__main__.py", "api.py", "api_methods.py", "py.typed", "constraints.txt"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution and the wheel that is built from it; `source` there is what was copied."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "source").mkdir()
    for path in ROOT.iterdir():
        if path.name in (*OURS, "tests", "docs"):
            shutil.copytree(path, folder / "source" / path.name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        elif path.is_file() and not path.name.startswith("."):
            shutil.copy(path, folder / "source")
    build_wheel(build_sdist(folder / "source", folder), folder)
    return folder


def test_the_wheel_has_every_file_of_the_package(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    source = built / "source"
    files = {str(path.relative_to(source)) for top in OURS for path in (source / top).rglob("*") if path.is_file()}
    # The recipe of a container is used from a checkout.
    files = {name for name in files if Path(name).name != "Dockerfile"}
    assert held == {f"mswal_bench/{name}" for name in files | AT_THE_ROOT}


def test_every_folder_that_is_a_package_is_known() -> None:
    """One that is new at the root belongs to the wheel, and then to the list above."""
    assert {path.parent.name for path in ROOT.glob("[!.]*/__init__.py")} == set(OURS)


def test_a_stranger_finds_the_way(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    (found,) = metadata.distributions(name="mswal-bench", path=[str(wheel)])
    assert found.version == PROJECT["version"]
    assert found.metadata["Author"] == "The mswal-bench maintainers"
    assert "name: The mswal-bench maintainers" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    oldest = re.search(r">=3\.(\d+)", found.metadata["Requires-Python"])
    assert oldest is not None
    named = re.findall(r"Classifier: Programming Language :: Python :: 3\.(\d+)", str(found.metadata))
    assert named[0] == oldest[1]


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_no_extra_is_named_like_a_version(extra: str) -> None:
    """pip 24.1 to 25.3 compares it as one with the names of all other extras, and installs nothing."""
    with pytest.raises(InvalidVersion):
        Version(extra)


def test_the_version_is_the_installed_ones() -> None:
    assert mswal_bench.__version__ == metadata.version("mswal-bench")
    with pytest.raises(AttributeError, match="module 'mswal_bench' has no attribute 'anything'"):
        _ = mswal_bench.anything


def test_the_version_is_the_same_everywhere() -> None:
    """It stands in pyproject.toml, CITATION.cff and CHANGELOG.md."""
    assert version_faults(ROOT, metadata.version("mswal-bench")) == []
    for path in ("__init__.py", "setup.py", "README.md"):
        assert PROJECT["version"] not in (ROOT / path).read_text(encoding="utf-8"), path


def test_the_changelog_begins_with_this_version() -> None:
    heads = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert heads[0] == "[Unreleased]"
    assert heads[1].startswith(f"[{PROJECT['version']}] - ")
    told = [re.fullmatch(r"\[([\d.]+)\] - (\d{4}-\d{2}-\d{2})", head) for head in heads[1:]]
    assert None not in told
    dated = [(date.fromisoformat(found[2]), Version(found[1])) for found in told if found is not None]
    assert dated == sorted(dated, reverse=True)


def test_the_changelog_is_kept_in_the_usual_form() -> None:
    """As https://keepachangelog.com has it."""
    kinds = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
    _, *versions = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for version in versions:
        used = re.findall(r"^### (.+)$", version, re.MULTILINE)
        assert used == [kind for kind in kinds if kind in used], version.partition("\n")[0]


@pytest.mark.parametrize("arguments", [["--help"], ["score", "--help"], ["--version"]])
def test_python_m_is_the_command(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "mswal_bench", *arguments], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    if arguments == ["--version"]:
        assert done.stdout == f"python -m mswal_bench, version {mswal_bench.__version__}\n"
    else:
        assert done.stdout.startswith(" ".join(["Usage: python -m mswal_bench", *arguments[:-1]]))
