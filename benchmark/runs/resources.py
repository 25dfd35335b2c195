"""Measures the time, memory, GPU and energy of a stretch of work. It imports nothing heavy before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import monotonic
from typing import Annotated, Any

from pydantic import BaseModel, Field

_MIB = 1 << 20
_MJ_PER_WH = 3_600_000


class Resources(BaseModel):
    """What one process and its descendants used. None is what is not known, never nothing."""

    wall_s: float | None = None
    """Elapsed time; None when the work was cut off."""
    gpu_hours: float | None = None
    """GPUs used x elapsed hours: a process works on one GPU at most. 0 on a CPU."""
    peak_gpu_mib: float | None = None
    """The most GPU memory held at once: the larger of what the driver tells by process (sampled, with CUDA's own
    context) and what torch held in this process (exact, without it). Inside a container a driver may tell nothing."""
    peak_host_mib: float | None = None
    """The largest sum of the processes' resident memory, sampled twice a second. Memory that several of them share
    (libraries, pages unchanged since a fork, patches on their way from a loader) counts once in each of them, so the
    sum is an upper bound of each sample; a peak between two samples is missed."""
    energy_wh: float | None = None
    """By the GPU's own counter, for the GPU as a whole: other programs on it count too, CPU and memory do not. None
    on a CPU, and where the driver has no counter (GPUs before Volta, parts of a GPU)."""
    device_waited_s: Annotated[float | None, Field(exclude_if=lambda waited_s: waited_s is None)] = None
    """Of a prediction: for how long the device waited for images to be prepared and label maps to be written. None,
    and left out of records, where the method does not measure it, and when a case could not be predicted."""


@contextmanager
def measured(device: str, *, every_s: float = 0.5) -> Iterator[Resources]:
    """Measures this process and its descendants while inside; what it gives is filled when it is left, however that is.

    `device` is `cpu` or `cuda`, which is the first GPU this process sees. Of a process that works on a GPU call it in
    that process: each GPU is then counted once. Memory is sampled every `every_s` seconds.
    What cannot be measured stays None; it raises nothing of its own.
    """
    import psutil  # noqa: F401  (here, so that no process is forked while the thread below imports it)

    usage = Resources()
    gpu = _Gpu() if device.startswith("cuda") else None
    energy_before = gpu.energy_mj() if gpu is not None else None
    stop = Event()
    sampler = Thread(target=_sample, args=(usage, gpu, stop, every_s), name="resources", daemon=True)
    sampler.start()
    started = monotonic()
    try:
        yield usage
    finally:
        usage.wall_s = monotonic() - started
        usage.gpu_hours = usage.wall_s / 3600 if gpu is not None else 0.0
        stop.set()
        sampler.join()
        if gpu is not None:
            usage.peak_gpu_mib = _larger(usage.peak_gpu_mib, gpu.held_by_torch_mib())
            energy_after = gpu.energy_mj()
            if energy_before is not None and energy_after is not None:
                usage.energy_wh = (energy_after - energy_before) / _MJ_PER_WH
            gpu.close()


def _sample(usage: Resources, gpu: _Gpu | None, stop: Event, every_s: float) -> None:
    over = False
    while not over:
        # The last sample is taken after the end, so that short work has one too.
        over = stop.wait(every_s)
        resident = resident_mib()
        usage.peak_host_mib = _larger(usage.peak_host_mib, sum(resident.values()) if resident else None)
        if gpu is not None:
            usage.peak_gpu_mib = _larger(usage.peak_gpu_mib, gpu.held_mib(set(resident)))


def resident_mib() -> dict[int, float]:
    """By process id, of this process and its descendants; empty where the system does not tell."""
    import psutil

    resident = {}
    with suppress(psutil.Error, OSError):
        this = psutil.Process()
        for process in (this, *this.children(recursive=True)):
            # One may have ended meanwhile.
            with suppress(psutil.Error, OSError):
                resident[process.pid] = process.memory_info().rss / _MIB
    return resident


class _Gpu:
    """The first GPU this process sees, as driver and torch tell; every answer is None where they do not."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._handle: Any = None
        # Measuring must not end what is measured: a library that is missing, of another version, or not permitted.
        with suppress(Exception):
            import torch

            torch.cuda.reset_peak_memory_stats(0)
            import pynvml

            # CUDA and the driver number GPUs in different orders, and CUDA_VISIBLE_DEVICES hides some from CUDA only.
            uuid = torch.cuda.get_device_properties(0).uuid
            pynvml.nvmlInit()
            self._nvml = pynvml
            self._handle = _handle(pynvml, str(uuid))

    def held_mib(self, processes: set[int]) -> float | None:
        """What `processes` hold together, by the driver."""
        held = self._asked(lambda nvml, handle: nvml.nvmlDeviceGetComputeRunningProcesses(handle)) or ()
        used = [process.usedGpuMemory for process in held if process.pid in processes]
        return sum(used) / _MIB if used and None not in used else None

    def held_by_torch_mib(self) -> float | None:
        """The most that torch held in this process since this object was made."""
        with suppress(Exception):
            import torch

            return torch.cuda.max_memory_reserved(0) / _MIB or None
        return None

    def energy_mj(self) -> float | None:
        """The GPU's counter of the energy it used since the driver was loaded, mJ."""
        counted: float | None = self._asked(lambda nvml, handle: nvml.nvmlDeviceGetTotalEnergyConsumption(handle))
        return counted

    def close(self) -> None:
        if self._nvml is not None:
            with suppress(Exception):
                self._nvml.nvmlShutdown()

    def _asked(self, question: Callable[[Any, Any], Any]) -> Any:
        if self._handle is not None:
            with suppress(Exception):
                return question(self._nvml, self._handle)
        return None


def _handle(nvml: Any, uuid: str) -> Any:
    """The driver's handle of a GPU, or of the part of one that CUDA takes for a GPU."""
    try:
        return nvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
    except nvml.NVMLError:
        return nvml.nvmlDeviceGetHandleByUUID(f"MIG-{uuid}")


def _larger(before: float | None, value: float | None) -> float | None:
    return value if before is None else before if value is None else max(before, value)
