from __future__ import annotations

from pathlib import Path

import pytest

from mswal_bench.benchmark.doctor import trial
from mswal_bench.benchmark.doctor.installed_packages import installed_core
from mswal_bench.benchmark.doctor.trial import try_core, try_torch, without_folders


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules a trial finds."""
    import os

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    return tmp_path


def test_this_core_works() -> None:
    assert try_core([each.name for each in installed_core()]).faults == ()


def test_what_cannot_be_imported_is_told_without_folders(modules: Path) -> None:
    (modules / "odd_package.py").write_text(f"raise ImportError('{modules}/lib/thing.so: undefined symbol')")
    assert try_core(["odd-package", "yaml"]).faults == (
        "odd-package cannot be imported (ImportError: thing.so: undefined symbol)",
    )


def test_what_ends_its_process_costs_itself_alone(modules: Path) -> None:
    (modules / "first.py").write_text("import os; print('begun', end=''); os._exit(3)")
    (modules / "second.py").write_text("raise SystemExit('no')")
    assert try_core(["yaml", "first", "second"]).faults == (
        "first ended its process with status 3",
        "second cannot be imported (SystemExit: no)",
    )


def test_what_never_comes_back_is_given_up(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (modules / "first.py").write_text("import time\nwhile True: time.sleep(1)")
    monkeypatch.setattr(trial, "_LONGEST_S", 10)
    (fault, *_) = try_core(["first"]).faults
    assert fault == "first did not come to an end within 10 s"


def test_scoring_that_gives_wrong_numbers_is_a_fault(modules: Path) -> None:
    (modules / "sitecustomize.py").write_text(
        "import numpy\nroll = numpy.roll\nnumpy.roll = lambda array, by, axis: roll(array, by + 1, axis)"
    )
    (fault,) = try_core([]).faults
    assert fault == ("a test case cannot be scored (ValueError: DSC 0.5 and F1 0.0 in place of 0.75 and 1.0)")


def test_files_beside_the_user_are_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "yaml.py").write_text("raise ImportError('not this one')")
    monkeypatch.chdir(tmp_path)
    assert try_core(["pyyaml"]).faults == ()


def test_torch_says_what_it_computes_on(modules: Path) -> None:
    (modules / "torch.py").write_text("""
class version: cuda = "12.8"
class cuda:
    is_available = lambda: True
    device_count = lambda: 2
    get_device_name = lambda index: f"GPU {index}"
""")
    assert try_torch().told == {"cuda": "12.8", "gpus": ["GPU 0", "GPU 1"]}
    (modules / "torch.py").write_text("raise OSError('libcudart.so.12: cannot open shared object file')")
    assert try_torch().faults == (
        "torch cannot be imported (OSError: libcudart.so.12: cannot open shared object file)",
    )


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/home/joe/venv/lib/x.so: undefined symbol", "x.so: undefined symbol"),
        ("no module named 'a.b' (/data/joe/b.py)", "no module named 'a.b' (b.py)"),
        (r"C:\Users\joe\x.dll is not found", "x.dll is not found"),
        ("1 / 2 and either/or", "1 / 2 and either/or"),
        (f"{Path.home()}/with a space/x.so", "x.so"),
    ],
)
def test_without_folders(text: str, left: str) -> None:
    assert without_folders(text).rpartition(" a space/")[2] == left
