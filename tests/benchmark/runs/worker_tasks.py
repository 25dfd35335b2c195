"""Work for the tests of device workers: functions that a process of its own can import. Also a program that starts
such processes, to be killed."""

import os
import signal
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from mswal_bench.baselines.method import FailedCasesError, MethodError
from mswal_bench.baselines.processes import cores
from mswal_bench.baselines.stop_request import StoppedError, stop_is_asked
from mswal_bench.benchmark.runs.device_workers import Task, carry_out_on
from mswal_bench.benchmark.runs.devices import Device


class PretendedGpu(Device):
    """Claimed as a GPU is, and computed on as a CPU."""

    @property
    def kind(self) -> str:
        return "cpu"


class AbsentGpu(Device):
    """Found to be missing only by the process that is to use it."""

    @property
    def kind(self) -> str:
        raise OSError(19, "No such device")


class TakenGpu(Device):
    """Cannot be had."""

    def claim(self) -> None:
        raise OSError(16, "cannot be claimed")


class Unreadable:
    """Work that the process that is to do it cannot read."""

    def __reduce__(self):
        return _fail_to_read, ()


def _fail_to_read() -> None:
    raise ModuleNotFoundError("no such plugin")


def tell_process_and_cores(path: Path, report) -> float:
    """As if the device had waited for two seconds."""
    report(1, 2, "half")
    report(2, 2, "")
    path.write_text(f"{os.getpid()} {cores()} {os.environ.get('CUDA_VISIBLE_DEVICES')}")
    return 2.0


def meet(here: Path, there: Path, report) -> None:
    """Ends only where another process does the same at the same time."""
    here.write_text("here")
    deadline = time.monotonic() + 60
    while not there.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def fail(report) -> None:
    raise MethodError("The loss became nan.")


def fail_for_one_case(case: str, report) -> None:
    report(1, 2, "")
    raise FailedCasesError({case: "its image is none."})


def fail_unforeseen(report) -> None:
    raise KeyError("weights")


def fail_with_what_cannot_be_sent(report) -> None:
    class LocalError(Exception):
        pass

    raise LocalError("of here alone")


def be_killed(report) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave(report) -> None:
    os._exit(3)


def work_for_ever(path: Path, report) -> None:
    path.write_text(str(os.getpid()))
    while True:
        time.sleep(0.01)


def stop_when_asked(path: Path, report) -> None:
    """Ends after an epoch that takes a while, as a training does."""
    path.write_text("at work")
    deadline = time.monotonic() + 60
    while not stop_is_asked():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.3)
    path.write_text("stopped")
    raise StoppedError("after epoch 3")


@contextmanager
def in_silence():
    yield lambda done, total, note: None


def task(name: str, work, progress=in_silence, started=lambda *args: None, ended=lambda usage: None) -> Task:
    return Task(name, work, progress, started, ended)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    carry_out_on([Device(), Device()], [task(name, partial(work_for_ever, folder / name)) for name in ("a", "b")])
