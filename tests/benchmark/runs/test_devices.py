import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import mswal_bench
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.runs import devices, method_choice
from mswal_bench.benchmark.runs.devices import Device, pick_device, pick_devices
from mswal_bench.benchmark.runs.method_choice import require_training_packages
from mswal_bench.benchmark.runs.run_method import run_method

CONSTRAINTS = Path(mswal_bench.__file__).with_name("constraints.txt")


@pytest.fixture
def four_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose nvidia-smi tells of four GPUs, and whose torch sees them."""
    program = tmp_path / "nvidia-smi"
    lines = "".join(f"{number}, GPU-{number}a7c-0000\\n" for number in range(4))
    program.write_text(f"#!/bin/sh\nprintf '{lines}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(devices, "pick_device", lambda device: "cuda")


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


def test_without_torch_there_is_the_cpu(without):
    without("torch")
    assert pick_device("auto") == "cpu"
    with pytest.raises(BenchError, match="torch sees no CUDA device"):
        pick_device("cuda")


def test_a_process_for_each_cpu():
    assert pick_devices(["cpu", "cpu"]) == (Device(), Device())


@pytest.mark.parametrize("names", [["cpu", "0"], ["-1"], ["cuda:0"], [""], ["0", ""], ["1.5"], ["²"], []])
def test_what_names_no_device(four_gpus, names):
    with pytest.raises(BenchError, match=r"cannot be used as devices: expected GPU numbers \(0,1\) or cpu"):
        pick_devices(names)


def test_gpus_by_their_numbers(four_gpus):
    assert pick_devices(["3", "0"]) == (Device(3), Device(0))


def test_what_is_wrong_with_gpus_is_told_at_once(four_gpus):
    with pytest.raises(BenchError) as caught:
        pick_devices(["1", "1", "4", "7"])
    twice, absent = (str(problem) for problem in caught.value.problems)
    assert "GPU 1 is named more than once" in twice
    assert "no such GPU to use: expected one of 0, 1, 2, 3, which this process may use, found 4, 7" in absent


@pytest.mark.parametrize("visible", ["2,3", "GPU-2a7c,GPU-3a7c-0000", " 2, 3"])
def test_a_gpu_that_a_scheduler_gave_to_another_is_not_taken(four_gpus, monkeypatch, visible):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert pick_devices(["2", "3"]) == (Device(2), Device(3))
    with pytest.raises(BenchError, match="expected one of 2, 3, which this process may use, found 0"):
        pick_devices(["0", "2"])


def test_no_gpu_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match="expected a GPU, and there is none, found 0"):
        pick_devices(["0"])


def test_a_process_sees_the_gpu_it_claims_alone(monkeypatch):
    program = (
        "import os; from mswal_bench.benchmark.runs.devices import Device; Device(3).claim();"
        "print(os.environ['CUDA_VISIBLE_DEVICES'], os.environ['CUDA_DEVICE_ORDER'])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["3", "PCI_BUS_ID"]
    assert (str(Device(3)), Device(3).kind, str(Device()), Device().kind) == ("cuda:3", "cuda", "cpu", "cpu")
