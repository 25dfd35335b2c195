from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import mswal_bench
from mswal_bench.benchmark.doctor import installed_packages
from mswal_bench.benchmark.doctor.installed_packages import (
    EXTRAS,
    InstalledPackage,
    constraints_file,
    installed_core,
    installed_extras,
)

ROOT = Path(next(iter(mswal_bench.__path__))).resolve()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LISTED = [
    *PROJECT["dependencies"],
    *(
        f'{each}; extra == "{extra}"'
        for extra, packages in PROJECT["optional-dependencies"].items()
        for each in packages
    ),
]
"""As a wheel lists what it needs."""


@pytest.mark.parametrize(
    ("version", "wanted", "tested", "words"),
    [
        ("2.1.0", ">=2.0", "2.1.0", "as tested"),
        ("2.1.0+cu128", ">=2.0", "2.1.0", "as tested"),
        ("2.2", ">=2.0", "2.1.0", "tested with 2.1.0"),
        ("2.10", ">=2.9", None, "not among the tested"),
        ("2.10rc1", ">=2.9", "2.10", "tested with 2.10"),
        ("2.9", ">=2.10", "2.10", "needed is a-package>=2.10"),
        ("2.8.2", "==2.8.1", "2.8.1", "needed is a-package==2.8.1"),
        ("built here", ">=2", "2.0", "needed is a-package>=2"),
        (None, ">=2", "2.0", "missing; tested with 2.0"),
        (None, ">=2", None, "missing"),
    ],
)
def test_a_package_is_compared(version: str | None, wanted: str, tested: str | None, words: str) -> None:
    assert InstalledPackage("a-package", version, wanted, tested).words == words


def test_the_core_is_what_is_needed_without_extras() -> None:
    core = {each.name: each for each in installed_core(LISTED)}
    assert len(core) == len(PROJECT["dependencies"])
    assert core["numpy"].version == metadata.version("numpy")
    assert core["numpy"].wanted == ">=2.0"
    assert all(each.tested for each in core.values()), "constraints.txt lacks one"


def test_extras_for_users_are_extras() -> None:
    assert set(EXTRAS) <= set(PROJECT["optional-dependencies"])
    assert [extra.name for extra in installed_extras(LISTED)] == list(EXTRAS)
    for extra in installed_extras(LISTED):
        assert len(extra.packages) == len(PROJECT["optional-dependencies"][extra.name])


def test_an_extra_that_is_whole_needs_no_command() -> None:
    (extra,) = installed_extras(['numpy>=1; extra == "train"'])
    assert extra.install is None


def test_an_extra_that_lacks_a_package_says_how_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    (extra,) = installed_extras(['no-such-package>=1; extra == "nnunet1"', 'numpy>=1; extra == "nnunet1"'])
    assert extra.install == 'pip install -c "$(mswal-bench doctor --constraints)" "mswal-bench[nnunet1]"'
    versions = {"torch": "2.11.0+cu126"}
    monkeypatch.setattr(installed_packages, "_version", versions.get)
    for name in ("train", "nnunet1"):
        (extra,) = installed_extras([f'no-such-package>=1; extra == "{name}"'])
        assert extra.install == f'pip install "mswal-bench[{name}]" "torch==2.11.0+cu126"'


def test_the_constraints_lie_in_the_package() -> None:
    assert constraints_file().resolve() == ROOT / "constraints.txt"
