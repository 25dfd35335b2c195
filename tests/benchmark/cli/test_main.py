"""The installed command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.cli.main import main

# Runs what the console script runs, then tells on stderr what it had to import.
ENTRY = """
import sys
from importlib.metadata import entry_points
(script,) = entry_points(group="console_scripts", name="mswal-bench")
main = script.load()
try:
    main()
finally:
    print(*sorted(name for name in sys.modules if "." not in name), file=sys.stderr)
"""
HEAVY = {"torch", "nnunetv2", "monai", "torchvision", "scipy", "cc3d", "pandas", "SimpleITK", "skimage", "matplotlib"}


@pytest.mark.parametrize("arguments", [["--help"], ["score", "--help"], ["validate", "--help"]])
def test_help_needs_no_heavy_package(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", ENTRY, *arguments], capture_output=True, text=True, check=True)
    assert "Usage:" in done.stdout
    modules = set(done.stderr.split())
    assert "mswal_bench" in modules
    assert not modules & HEAVY


def test_score_needs_no_torch() -> None:
    scoring = "mswal_bench.benchmark.scoring"
    code = f"import sys, {scoring}.score_folders, {scoring}.score_formats; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "nnunetv2", "monai", "SimpleITK", "pandas"}


def test_a_terminal_obeys_nothing_of_an_error() -> None:
    refused = CliRunner().invoke(
        main, ["submission", "init", "mine", "--predictions", "\x1b[2Jno\u202ewhere"], color=True
    )
    assert refused.exit_code == 1
    assert r"error: \x1b[2Jno\u202ewhere: cannot be read" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["run", "nnunet-v3", "--data", "d", "--work", "w"], "nnunet-v2"),
        (["transfer", "mednxt", "--data", "d", "--work", "w", "--pretrain", "p"], "mednext"),
        (["run", "mednext", "--data", "d", "--work", "w", "--track", "publiccv"], "public-cv"),
        (["run", "mednext", "--data", "d", "--work", "w", "--budget", "papers"], "paper"),
        (["score", "p", "--reference", "r", "--format", "latx"], "latex"),
        (["data", "phantom", "out", "--size", "smal"], "small"),
    ],
)
def test_what_was_meant_is_suggested(arguments: list[str], meant: str) -> None:
    refused = CliRunner().invoke(main, arguments)
    assert refused.exit_code == 2
    assert f"Did you mean {meant}?" in refused.stderr


def test_scoring_a_folder_needs_nothing_that_reads_records(tmp_path: Path) -> None:
    (tmp_path / "A.nii.gz").touch()
    code = f"""
import sys
from pathlib import Path
from mswal_bench.benchmark.runs.score_methods import folders_of_methods
folders_of_methods([Path({str(tmp_path)!r})], Path({str(tmp_path)!r}), [], [])
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "nnunetv2", "SimpleITK", "pydantic"}
