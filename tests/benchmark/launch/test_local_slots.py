"""What tasks compute on: GPUs, or shares of the cores."""

import pytest

from mswal_bench.baselines.worker_memory import MEMORY_VARIABLE
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.launch import local_slots as module
from mswal_bench.benchmark.launch.local_slots import local_slots
from mswal_bench.benchmark.runs.devices import Device


@pytest.fixture
def eight_cores(monkeypatch):
    monkeypatch.setattr(module, "cores", lambda: 8)


def test_a_slot_for_each_gpu_that_may_be_used(monkeypatch, eight_cores):
    monkeypatch.setattr(module, "all_gpus", lambda: (Device(1), Device(3)))
    slots = local_slots([])
    assert [(slot.name, slot.is_gpu) for slot in slots] == [("cuda:1", True), ("cuda:3", True)]
    assert [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in slots] == ["1", "3"]
    assert {slot.environment["MSWAL_BENCH_CORES"] for slot in slots} == {"4"}


def test_without_a_gpu_the_whole_machine_is_one_slot(monkeypatch, eight_cores):
    monkeypatch.setattr(module, "all_gpus", lambda: ())
    (slot,) = local_slots([])
    assert (slot.name, slot.is_gpu, slot.environment["MSWAL_BENCH_CORES"]) == ("cpu", False, "8")
    assert MEMORY_VARIABLE not in slot.environment, "it is asked for when a task begins"


def test_shares_of_the_cores_and_of_the_memory(eight_cores):
    slots = local_slots(["cpu", "cpu", "cpu"])
    assert [slot.name for slot in slots] == ["cpu 1", "cpu 2", "cpu 3"]
    assert {slot.environment["MSWAL_BENCH_CORES"] for slot in slots} == {"2"}
    assert {float(slot.environment[MEMORY_VARIABLE]) > 0 for slot in slots} == {True}


def test_shares_of_the_memory_that_was_given(eight_cores, monkeypatch):
    monkeypatch.setenv(MEMORY_VARIABLE, "3")
    assert [slot.environment[MEMORY_VARIABLE] for slot in local_slots(["cpu", "cpu"])] == ["1.50", "1.50"]
    for wrong in ("much", "0", "nan", "inf"):
        monkeypatch.setenv(MEMORY_VARIABLE, wrong)
        with pytest.raises(BenchError, match=f"MSWAL_BENCH_MEMORY: is wrong.*found '{wrong}'"):
            local_slots(["cpu", "cpu"])


def test_more_slots_than_cores(monkeypatch):
    monkeypatch.setattr(module, "cores", lambda: 1)
    assert {slot.environment["MSWAL_BENCH_CORES"] for slot in local_slots(["cpu", "cpu"])} == {"1"}


def test_no_such_device():
    with pytest.raises(BenchError):
        local_slots(["tpu"])
