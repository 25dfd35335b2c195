"""What a user is told to type where packages are missing."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import mswal_bench
from mswal_bench.benchmark.runs.method_choice import install_advice

CONSTRAINTS = Path(mswal_bench.__file__).with_name("constraints.txt")
TESTED = dict(line.split("==") for line in CONSTRAINTS.read_text().splitlines() if "==" in line)


@pytest.fixture
def torch_is(monkeypatch: pytest.MonkeyPatch):
    """Says which torch is installed, or that none is."""

    def say(version: str | None) -> None:
        def told(package: str) -> str:
            if package != "torch" or version is None:
                raise metadata.PackageNotFoundError(package)
            return version

        monkeypatch.setattr(metadata, "version", told)

    return say


@pytest.mark.parametrize("version", [None, TESTED["torch"], f"{TESTED['torch']}+cpu"])
def test_the_tested_versions(torch_is, version) -> None:
    torch_is(version)
    command = f'"{sys.executable}" -m pip install -c "{CONSTRAINTS}" "mswal-bench[train,nnunet1]"'
    assert install_advice("train,nnunet1") == f"Install them with: {command}"


def test_another_torch_stays(torch_is) -> None:
    torch_is("2.11.0+cu130")
    advice = install_advice("train")
    assert f"tested with torch {TESTED['torch']} and the other versions in {CONSTRAINTS}." in advice
    assert advice.endswith(f'"{sys.executable}" -m pip install "mswal-bench[train]" "torch==2.11.0+cu130"')


def test_a_shell_and_pip_take_the_command(torch_is) -> None:
    """Where all is there already, pip has nothing to fetch."""
    torch_is(TESTED["torch"])
    command = install_advice("train").partition(": ")[2].replace("pip install", "pip install --no-index --no-deps")
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "Requirement already satisfied: mswal-bench[train]" in done.stdout
