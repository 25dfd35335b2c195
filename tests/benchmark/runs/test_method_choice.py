"""Which method a name means, and what a user is told to type where packages are missing."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

import mswal_bench
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.runs import method_choice
from mswal_bench.benchmark.runs.method_choice import chosen_method, install_advice, require_training_packages
from mswal_bench.benchmark.runs.run_method import run_method

from .quick_method import QuickMethod

CONSTRAINTS = Path(mswal_bench.__file__).with_name("constraints.txt")
TESTED = dict(line.split("==") for line in CONSTRAINTS.read_text().splitlines() if "==" in line)


def test_a_method_and_its_variants():
    assert chosen_method("nnunet-v2") is METHODS["nnunet-v2"]
    assert chosen_method("inception-nnunet", "III").name == "inception-nnunet-III"


def test_what_is_not_there():
    with pytest.raises(BenchError, match="there is no method 'nnunet': expected one of: inception-nnunet, nnunet-v1"):
        chosen_method("nnunet")
    with pytest.raises(BenchError, match="nnunet-v2 has no variant 'x': expected one of: none"):
        chosen_method("nnunet-v2", "x")


@pytest.fixture
def without(monkeypatch):
    """Makes packages be not installed, and all others be."""

    def hide(*packages: str) -> None:
        monkeypatch.setattr(method_choice, "find_spec", lambda name: None if name in packages else find_spec("json"))

    return hide


@pytest.mark.parametrize(
    ("method", "packages", "extras"),
    [
        ("nnunet-v2", ["torch", "nnunetv2", "psutil"], "train"),
        ("swin-unetr", ["monai"], "train"),
        ("mednext", ["monai"], "train"),
        ("nnunet-v1", ["nnunet"], "train,nnunet1"),
        ("nnunet-v1", ["psutil"], "train,nnunet1"),
    ],
)
def test_packages_that_are_missing_are_told_before_anything_is_done(without, tmp_path, method, packages, extras):
    without(*packages)
    with pytest.raises(BenchError) as caught:
        run_method(METHODS[method], tmp_path, tmp_path / "work")
    (problem,) = caught.value.problems
    assert f"{method} needs packages that are not installed: {', '.join(packages)}" in str(problem)
    assert f'-m pip install -c "{CONSTRAINTS}" "mswal-bench[{extras}]"' in str(problem)
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(("method", "packages"), [("nnunet-v2", ["nnunet", "monai"]), ("nnunet-v1", ["nnunetv2"])])
def test_a_method_needs_its_own_packages_alone(without, method, packages):
    without(*packages)
    require_training_packages(METHODS[method])


def test_a_plug_in_whose_package_brings_what_it_needs(without):
    class Alone(QuickMethod):
        packages = ("torch", "timm.models")
        extras = ""

    without("timm", "psutil")
    with pytest.raises(BenchError) as caught:
        require_training_packages(Alone())
    own, ours = caught.value.problems
    assert str(own).endswith("not installed: timm.models. Install them as the method's authors say.")
    assert "not installed: psutil" in str(ours)
    assert '"mswal-bench[train]"' in str(ours)


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
