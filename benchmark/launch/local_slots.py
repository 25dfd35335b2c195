"""Says what tasks compute on, one at a time each, on this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import inf

from mswal_bench.baselines.processes import cores, environment_of_cores
from mswal_bench.baselines.worker_memory import GB, MEMORY_VARIABLE, room_for_workers
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.jobs.local_queue import Slot
from mswal_bench.benchmark.runs.devices import Device, all_gpus, pick_devices


def local_slots(names: Sequence[str]) -> list[Slot]:
    """A slot for each device of `names`, as of `pick_devices`; without any for each GPU that this process may use, and
    where there is none one for the CPU.

    They share the cores, and the memory that is free, or that MSWAL_BENCH_MEMORY gives. Raises BenchError as
    `pick_devices` does, and where that is no number.
    """
    devices = pick_devices(names) if names else all_gpus() or (Device(),)
    share = environment_of_cores(max(1, cores() // len(devices)))
    if len(devices) > 1:
        share[MEMORY_VARIABLE] = f"{_memory_gb() / len(devices):.2f}"
    return [
        Slot(
            str(device) if device.gpu is not None or len(devices) == 1 else f"{device} {number}",
            share | device.environment,
            is_gpu=device.gpu is not None,
        )
        for number, device in enumerate(devices, 1)
    ]


def _memory_gb() -> float:
    """What all tasks together may take."""
    given = os.environ.get(MEMORY_VARIABLE)
    if not given:
        return room_for_workers().bytes / GB
    try:
        gigabytes = float(given)
    except ValueError:
        gigabytes = 0.0
    if not 0 < gigabytes < inf:
        raise BenchError(Problem("is wrong", MEMORY_VARIABLE, "a number of gigabytes, more than 0", repr(given)))
    return gigabytes
