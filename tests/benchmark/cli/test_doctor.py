from __future__ import annotations

import getpass
import json
import platform
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.doctor import diagnosis as made
from mswal_bench.benchmark.doctor.diagnosis_text import diagnosis_text
from mswal_bench.benchmark.doctor.installed_packages import InstalledExtra, InstalledPackage
from mswal_bench.benchmark.doctor.trial import Trial


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing is imported in another process, and the core works."""
    monkeypatch.setattr(made, "try_core", lambda packages: Trial((), {}))
    monkeypatch.setattr(made, "try_torch", lambda: Trial((), {"cuda": "12.8", "gpus": ["NVIDIA H200"]}))
    return monkeypatch


def test_this_installation_is_sound() -> None:
    shown = CliRunner().invoke(main, ["doctor"])
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert "core           works: a test case was scored, and the numbers are right\n" in shown.stdout


@pytest.mark.parametrize("style", ["text", "json"])
def test_nobody_is_named(quick: pytest.MonkeyPatch, tmp_path: Path, style: str) -> None:
    quick.setenv("MSWAL_BENCH_CLUSTER", str(tmp_path))
    shown = CliRunner().invoke(main, ["doctor", "--format", style])
    assert shown.exit_code == 0
    assert "MSWAL_BENCH_CLUSTER" in shown.output
    packages = Path(made.__file__).parents[2]
    for place in (Path.home(), Path.cwd(), tmp_path, packages, Path(sys.prefix)):
        assert str(place) not in shown.output
    words = set(shown.output.replace('"', " ").split())
    assert not words & {getpass.getuser(), platform.node()}


def test_programs_get_the_same(quick: pytest.MonkeyPatch) -> None:
    told = json.loads(CliRunner().invoke(main, ["doctor", "--format", "json"]).output)
    (numpy,) = [each for each in told["core"] if each["name"] == "numpy"]
    assert numpy["state"] in ("as tested", "other than tested")
    assert told["core_faults"] == []
    assert told["machine"]["cores_allowed"] >= 1


def test_a_broken_core_is_told_after_the_report(quick: pytest.MonkeyPatch) -> None:
    quick.setattr(made, "try_core", lambda packages: Trial(("scipy cannot be imported (ImportError: no)",), {}))
    core = (InstalledPackage("numpy", "1.9", ">=2.0", "2.4.6"), InstalledPackage("click", None, ">=8", "8.5.1"))
    quick.setattr(made, "installed_core", lambda: core)
    shown = CliRunner().invoke(main, ["doctor"])
    assert shown.exit_code == 1
    assert shown.stderr.splitlines() == [
        "error: core: numpy 1.9 does not fit; needed is numpy>=2.0.",
        "error: core: click is not installed; needed is click>=8.",
        "error: core: scipy cannot be imported (ImportError: no).",
    ]
    assert "core           3 faults\n" in shown.stdout
    assert "fault: scipy cannot be imported (ImportError: no)" in shown.stdout


def test_without_extras_it_says_how_to_install_them(quick: pytest.MonkeyPatch) -> None:
    lacking = InstalledExtra("train", "run", (InstalledPackage("torch", None, ">=2.10", "2.13.0"),), "pip install it")
    quick.setattr(made, "installed_extras", lambda: (lacking,))
    shown = CliRunner().invoke(main, ["doctor"])
    assert shown.exit_code == 0
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    place = lines.index("extra train lacks torch (run)")
    assert lines[place + 1] == "to install it: pip install it"
    assert lines[place + 2] == "torch - missing; tested with 2.13.0"
    # What is not installed says nothing of itself.
    assert len([line for line in lines if line.startswith("torch")]) == 1


def test_a_gpu_that_torch_does_not_see_is_seen(quick: pytest.MonkeyPatch) -> None:
    quick.setattr(made, "try_torch", lambda: Trial((), {"cuda": None, "gpus": []}))
    extra = InstalledExtra("train", "run", (InstalledPackage("torch", "2.13.0+cpu", ">=2.10", "2.13.0"),), None)
    quick.setattr(made, "installed_extras", lambda: (extra,))
    text = " ".join(diagnosis_text(made.diagnose()).split())
    assert "torch 2.13.0+cpu, built for CPUs alone, sees no GPU" in text


def test_the_constraints_are_a_path_for_pip(quick: pytest.MonkeyPatch) -> None:
    shown = CliRunner().invoke(main, ["doctor", "--constraints"])
    assert "numpy==" in Path(shown.output.strip()).read_text(encoding="utf-8")
