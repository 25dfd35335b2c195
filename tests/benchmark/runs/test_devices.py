import os
import subprocess
import sys
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.runs import devices
from mswal_bench.benchmark.runs.devices import Device, pick_device, pick_devices


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


def test_without_torch_there_is_the_cpu(monkeypatch):
    monkeypatch.setattr(devices, "find_spec", lambda name: None)
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
