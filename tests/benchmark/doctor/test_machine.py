from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mswal_bench.benchmark.doctor import machine
from mswal_bench.benchmark.doctor.machine import Gpu, this_machine


def program(folder: Path, name: str, text: str) -> None:
    """A program that prints `text`."""
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose programs are found first; there is no NVML."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
    monkeypatch.setitem(sys.modules, "pynvml", None)
    return tmp_path


def test_the_machine_is_seen() -> None:
    here = this_machine()
    assert here.cores_allowed >= 1
    assert here.memory_bytes is not None
    assert here.memory_free_bytes is not None
    assert 0 < here.memory_free_bytes <= here.memory_bytes
    assert here.disk_free_bytes is not None
    assert here.temporary_free_bytes is not None


def test_memory_is_seen_without_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert this_machine().memory_free_bytes is not None


def test_a_container_allows_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "allowed_memory", lambda: iter([5_000_000, 2_000_000]))
    here = this_machine()
    assert (here.memory_free_bytes, here.memory_is_limited) == (2_000_000, True)
    monkeypatch.setattr(machine, "allowed_memory", lambda: iter([10**18]))
    here = this_machine()
    assert not here.memory_is_limited
    assert here.memory_free_bytes != 10**18


def test_gpus_of_nvidia_smi(programs: Path) -> None:
    program(programs, "nvidia-smi", "570.1, NVIDIA H200, 143771\n570.1, NVIDIA A100, [N/A]")
    here = this_machine()
    assert here.gpu_driver == "570.1"
    assert here.gpus == (Gpu("NVIDIA H200", 143771 * 2**20), Gpu("NVIDIA A100", None))


def test_a_driver_that_fails_is_no_gpu(programs: Path) -> None:
    (programs / "nvidia-smi").write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n")
    (programs / "nvidia-smi").chmod(0o755)
    here = this_machine()
    assert (here.gpu_driver, here.gpus) == (None, ())


def test_slurm_says_its_version(programs: Path) -> None:
    program(programs, "sinfo", "slurm 23.11.4")
    assert this_machine().slurm == "slurm 23.11.4"


def test_only_names_are_told_of_what_may_be_personal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSWAL_BENCH_KEY", "/home/joe/organiser")
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    told = this_machine().environment
    assert told["MSWAL_BENCH_KEY"] is None
    assert told["HF_TOKEN"] is None
    assert told["OMP_NUM_THREADS"] == "3"
    assert "PATH" not in told
