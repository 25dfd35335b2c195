"""Time and memory are measured for real. There is no GPU: the driver's library and torch's counters are small fakes."""

import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("psutil")

from mswal_bench.benchmark.runs import resources
from mswal_bench.benchmark.runs.resources import Resources, measured

MIB = 1 << 20


def wait_for_peak(usage: Resources, least_mib: float) -> None:
    """Until a sample has found that much."""
    deadline = time.monotonic() + 60
    while (usage.peak_host_mib or 0) < least_mib:
        assert time.monotonic() < deadline, usage
        time.sleep(0.01)


def test_time_and_memory_on_a_cpu():
    with measured("cpu") as usage:
        assert usage == Resources()
        block = bytearray(b"x") * (300 * MIB)
        time.sleep(0.05)
    del block
    assert usage.wall_s is not None
    assert 0.05 < usage.wall_s < 60
    assert usage.peak_host_mib is not None
    assert usage.peak_host_mib > 300
    assert (usage.gpu_hours, usage.peak_gpu_mib, usage.energy_wh) == (0, None, None)


def test_memory_that_is_given_back_counts():
    with measured("cpu", every_s=0.01) as before:
        pass
    with measured("cpu", every_s=0.01) as usage:
        block = bytearray(b"x") * (300 * MIB)
        wait_for_peak(usage, before.peak_host_mib + 250)
        del block
        with measured("cpu", every_s=0.01) as afterwards:
            pass
    assert afterwards.peak_host_mib < before.peak_host_mib + 200


def test_memory_of_descendants_counts():
    grandchild = f"block = bytearray(b'x') * (300 * {MIB}); print('there', flush=True); input()"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
    with measured("cpu", every_s=0.01) as without:
        pass
    with measured("cpu", every_s=0.01) as usage:
        process = subprocess.Popen(
            [sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        wait_for_peak(usage, without.peak_host_mib + 300)
        process.communicate("\n")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_filled_when_the_work_fails(error):
    with pytest.raises(error), measured("cpu") as usage:
        raise error
    assert usage.wall_s is not None
    assert usage.peak_host_mib > 0


def test_no_thread_is_left():
    import threading

    before = threading.active_count()
    with measured("cpu"):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


class FakeDriver(SimpleNamespace):
    """NVML of one GPU: 1,500 mJ between two readings of its counter, 700 MiB held by process 1, 300 by process 2."""

    class NVMLError(Exception):
        pass

    def __init__(self, uuid: str = "GPU-abc", **answers: Any):
        super().__init__(uuid=uuid, energy=0, open=0, **answers)

    def nvmlInit(self) -> None:  # noqa: N802
        self.open += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.open -= 1

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        if uuid != self.uuid:
            raise self.NVMLError
        return "handle"

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:  # noqa: N802
        self.energy += 1500
        return self.energy

    def nvmlDeviceGetComputeRunningProcesses(self, handle: str) -> list[SimpleNamespace]:  # noqa: N802
        return [SimpleNamespace(pid=pid, usedGpuMemory=held * MIB) for pid, held in {1: 700, 2: 300}.items()]


@pytest.fixture
def gpu(monkeypatch) -> FakeDriver:
    """A GPU on which torch held 512 MiB; this process is 1, its child 3."""
    driver = FakeDriver()
    cuda = SimpleNamespace(
        reset_peak_memory_stats=lambda device: None,
        get_device_properties=lambda device: SimpleNamespace(uuid="abc"),
        max_memory_reserved=lambda device: 512 * MIB,
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    monkeypatch.setattr(resources, "resident_mib", lambda: {1: 100.0, 3: 50.0})
    return driver


def test_a_gpu(gpu):
    with measured("cuda") as usage:
        time.sleep(0.01)
    assert usage.gpu_hours == usage.wall_s / 3600 > 0
    assert usage.energy_wh == pytest.approx(1.5 / 3600)
    # Of process 1; 2 is somebody else's and 3 is not on the GPU.
    assert usage.peak_gpu_mib == 700
    assert usage.peak_host_mib == 150
    assert gpu.open == 0


def test_the_memory_of_all_our_processes_on_the_gpu(gpu, monkeypatch):
    monkeypatch.setattr(resources, "resident_mib", lambda: {1: 100.0, 2: 50.0})
    with measured("cuda") as usage:
        pass
    assert usage.peak_gpu_mib == 1000


def test_a_part_of_a_gpu_has_no_counter(gpu):
    gpu.uuid = "MIG-abc"
    gpu.nvmlDeviceGetTotalEnergyConsumption = refuse
    with measured("cuda") as usage:
        pass
    assert (usage.energy_wh, usage.peak_gpu_mib) == (None, 700)


@pytest.mark.parametrize("told", [[], [SimpleNamespace(pid=1, usedGpuMemory=None)]])
def test_a_container_where_the_driver_tells_no_processes(gpu, told):
    gpu.nvmlDeviceGetComputeRunningProcesses = lambda handle: told
    with measured("cuda") as usage:
        pass
    assert usage.peak_gpu_mib == 512


def refuse(*arguments: Any) -> Any:
    raise FakeDriver.NVMLError("Insufficient Permissions")


@pytest.mark.parametrize("question", ["nvmlInit", "nvmlDeviceGetHandleByUUID", "nvmlDeviceGetComputeRunningProcesses"])
def test_a_driver_that_refuses_is_no_error(gpu, question):
    setattr(gpu, question, refuse)
    with measured("cuda") as usage:
        pass
    assert usage.peak_gpu_mib == 512
    assert gpu.open == 0


def test_a_library_that_is_missing_is_no_error(gpu, monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with measured("cuda") as usage:
        pass
    assert (usage.peak_gpu_mib, usage.energy_wh) == (512, None)
    assert usage.gpu_hours > 0


def test_the_real_library_without_a_driver_is_no_error():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with measured("cuda") as usage:
        pass
    assert (usage.peak_gpu_mib, usage.energy_wh) == (None, None)
