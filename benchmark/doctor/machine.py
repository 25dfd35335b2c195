"""Looks at the machine: processor, memory, disk, GPUs and SLURM. What cannot be found out is None."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.baselines.processes import cores
from mswal_bench.baselines.worker_memory import MEMORY_VARIABLE, allowed_memory

_LONGEST_S = 20
_TOLD = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", MEMORY_VARIABLE)
"""Variables of the environment whose values are numbers."""
_OURS = ("MSWAL_BENCH_", "nnUNet_", "HF_")
"""How those begin of which the name alone is told: the values are folders, keys and accounts."""


@dataclass(frozen=True)
class Gpu:
    """A GPU as the driver knows it."""

    name: str
    memory_bytes: int | None


@dataclass(frozen=True)
class Machine:
    """The machine, less what names it."""

    system: str
    processor: str | None
    cores: int | None
    """All of the machine's."""
    cores_allowed: int
    """Those that this process may use."""
    memory_bytes: int | None
    memory_free_bytes: int | None
    """What this process and those that it starts may still take."""
    memory_is_limited: bool
    """Whether a control group, of a container or a job, allows less than the machine has left."""
    disk_free_bytes: int | None
    """Of the current folder."""
    temporary_free_bytes: int | None
    """Of the folder for temporary files."""
    gpus: tuple[Gpu, ...]
    gpu_driver: str | None
    slurm: str | None
    environment: dict[str, str | None]
    """Variables that are set and change what commands do; None where the value is not told."""


def this_machine() -> Machine:
    """Looks at the machine that this process runs on."""
    left = _left_memory()
    allowed = min(allowed_memory(), default=None)
    limited = allowed is not None and (left is None or allowed <= left)
    driver, gpus = _gpus()
    return Machine(
        system=platform.platform(),
        processor=_processor(),
        cores=os.cpu_count(),
        cores_allowed=cores(),
        memory_bytes=_all_memory(),
        memory_free_bytes=allowed if limited else left,
        memory_is_limited=limited,
        disk_free_bytes=_free(Path()),
        temporary_free_bytes=_free(Path(tempfile.gettempdir())),
        gpus=gpus,
        gpu_driver=driver,
        slurm=_output("sinfo", "--version"),
        environment={
            name: os.environ[name] if name in _TOLD else None
            for name in sorted(os.environ)
            if name in _TOLD or name.startswith(_OURS)
        },
    )


def _processor() -> str | None:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or None


def _all_memory() -> int | None:
    with suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _left_memory() -> int | None:
    # psutil is of an extra; on Linux it reads the same file.
    with suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with suppress(ImportError):
        import psutil

        return int(psutil.virtual_memory().available)
    return None


def _free(folder: Path) -> int | None:
    with suppress(OSError):
        return shutil.disk_usage(folder).free
    return None


def _gpus() -> tuple[str | None, tuple[Gpu, ...]]:
    """The driver's version and the GPUs, by NVML, or else by nvidia-smi."""
    # The library may be missing, of another version than the driver, or not permitted.
    with suppress(Exception):
        import pynvml

        pynvml.nvmlInit()
        try:
            handles = [pynvml.nvmlDeviceGetHandleByIndex(each) for each in range(pynvml.nvmlDeviceGetCount())]
            gpus = tuple(
                Gpu(str(pynvml.nvmlDeviceGetName(each)), int(pynvml.nvmlDeviceGetMemoryInfo(each).total))
                for each in handles
            )
            return str(pynvml.nvmlSystemGetDriverVersion()), gpus
        finally:
            pynvml.nvmlShutdown()
    text = _output("nvidia-smi", "--query-gpu=driver_version,name,memory.total", "--format=csv,noheader,nounits")
    rows = [[cell.strip() for cell in line.split(",")] for line in (text or "").splitlines()]
    rows = [row for row in rows if len(row) == 3]
    gpus = tuple(Gpu(name, int(mib) * 2**20 if mib.isdecimal() else None) for _, name, mib in rows)
    return (rows[0][0] if rows else None), gpus


def _output(*command: str) -> str | None:
    """What a program prints; None where it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_LONGEST_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
