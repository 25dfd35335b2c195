"""Describes the devices that a run computes on, and gives a process one of them."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any


@dataclass(frozen=True)
class Device:
    """What one process computes on."""

    gpu: int | None = None
    """The GPU's number, as nvidia-smi counts; None is a share of the CPU's cores."""

    @property
    def kind(self) -> str:
        """As torch calls it."""
        return "cpu" if self.gpu is None else "cuda"

    def __str__(self) -> str:
        return self.kind if self.gpu is None else f"cuda:{self.gpu}"

    def claim(self) -> None:
        """Makes it the only GPU that this process sees. To be called before CUDA is first used."""
        os.environ.update(self.environment)

    @property
    def environment(self) -> dict[str, str]:
        """What makes it the only GPU that a process sees which is started with it; nothing for the CPU."""
        if self.gpu is None:
            return {}
        # Without the first CUDA counts the fastest first.
        return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": str(self.gpu)}


def pick_device(device: str) -> str:
    """`cpu` or `cuda`, where `auto` is the GPU if torch sees one. Raises BenchError for a GPU that is not there."""
    if device == "cpu":
        return device
    if _torch_sees_gpu():
        return "cuda"
    if device == "cuda":
        raise BenchError(
            Problem("torch sees no CUDA device", expected="a GPU for --device cuda", mend="Use --device cpu or auto.")
        )
    return "cpu"


def pick_devices(names: Sequence[str]) -> tuple[Device, ...]:
    """The devices of `names`, GPU numbers as nvidia-smi counts or `cpu` as often as there shall be processes.

    Raises BenchError for anything else, for both together, for a GPU named twice, and for one that is not there.
    """
    if set(names) == {"cpu"}:
        return tuple(Device() for _ in names)
    wrong = [name for name in names if not (name.isascii() and name.isdigit())]
    if wrong or not names:
        raise BenchError(
            Problem(
                "cannot be used as devices",
                "--devices",
                "GPU numbers (0,1) or cpu for each process (cpu,cpu)",
                ",".join(names) or "nothing",
            )
        )
    numbers = [int(name) for name in names]
    twice = [number for number, count in Counter(numbers).items() if count > 1]
    problems = [Problem(f"GPU {number} is named more than once", "--devices", mend="Name it once.") for number in twice]
    there = _gpus()
    absent = [number for number in dict.fromkeys(numbers) if number not in there]
    if absent:
        known = (
            f"one of {', '.join(map(str, there))}, which this process may use" if there else "a GPU, and there is none"
        )
        problems.append(Problem("there is no such GPU to use", "--devices", known, ", ".join(map(str, absent))))
    elif pick_device("auto") != "cuda":
        problems.append(Problem("torch sees no CUDA device", "--devices", mend="Install torch with CUDA, or give cpu."))
    raise_if_any(problems)
    return tuple(Device(number) for number in numbers)


def all_gpus() -> tuple[Device, ...]:
    """Every GPU that this process may use; none where torch sees none."""
    return tuple(Device(number) for number in _gpus()) if _torch_sees_gpu() else ()


def _torch_sees_gpu() -> bool:
    # A method need not train with torch.
    if find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())


def _gpus() -> list[int]:
    """The numbers of the GPUs, as nvidia-smi counts, less those that the environment hides."""
    try:
        command = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    lines = [line.split(",") for line in told.splitlines() if "," in line]
    found = {int(number): uuid.strip() for number, uuid in lines}
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return list(found)
    # A scheduler that gives a job some of the GPUs says so here, by number or by the beginning of an id.
    allowed = [entry.strip() for entry in visible.split(",") if entry.strip()]
    return [
        number
        for number, uuid in found.items()
        if str(number) in allowed or any(entry.startswith("GPU-") and uuid.startswith(entry) for entry in allowed)
    ]
