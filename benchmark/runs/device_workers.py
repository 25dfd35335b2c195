"""Does tasks in processes of their own, one a device at a time, which this process starts, hears and ends."""

from __future__ import annotations

import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from mswal_bench.baselines.failures import as_method_error
from mswal_bench.baselines.method import FailedCasesError, MethodError, Report
from mswal_bench.baselines.processes import deaf_to_interrupts, die_with_parent, share_cores
from mswal_bench.baselines.stage_process import fit_to_send, how_ended
from mswal_bench.baselines.stop_request import StoppedError, listen_for_stop, stop_is_asked
from mswal_bench.benchmark.core.environment import Environment, describe_environment
from mswal_bench.benchmark.tables.terminal_letters import print_on_any_terminal

from .devices import Device
from .resources import Resources, measured

_LOOK_EVERY_S = 1.0
_GRACE_S = 10.0


@dataclass(frozen=True)
class Task:
    """A piece of work for one device. Only `work` goes to the process that does it, and must be fit to be pickled."""

    name: str
    """For a sentence: `train fold 2`."""
    work: Callable[[Report], float | None]
    """Returns for how many seconds the device waited; None where that is not measured."""
    progress: Callable[[], AbstractContextManager[Report]]
    """What shows the work's reports while it is done."""
    started: Callable[[str, Environment], None]
    """Called before the work with the device and what it is done in."""
    ended: Callable[[Resources], None]
    """Called after the work, also when it failed, but not when its process was killed."""


def carry_out(tasks: Sequence[Task], device: str) -> None:
    """Does the tasks one after the other in this process, on `cpu` or `cuda`. Raises what a task raises.

    Cases that cannot be predicted keep no task from being done: at the end FailedCasesError is raised with all of them.
    Where it is asked to stop, no further task is begun, and StoppedError is raised.
    """
    failed: dict[str, str] = {}
    for number, task in enumerate(tasks):
        if number and stop_is_asked():
            raise _stopped_before(task)
        try:
            with task.progress() as report:
                task.started(device, describe_environment(device))
                usage = None
                try:
                    with measured(device) as usage:
                        usage.device_waited_s = task.work(report)
                finally:
                    # Interrupted before it was measured, the work has not begun.
                    if usage is not None:
                        task.ended(usage)
        except FailedCasesError as error:
            failed |= error.cases
    _raise_for(failed)


def carry_out_on(devices: Sequence[Device], tasks: Sequence[Task]) -> None:
    """Does the tasks on the devices, in a new process each; a device that is done takes the next task.

    When one fails, or this process is interrupted, the others are stopped. Raises what the task raised, a MethodError
    with the task and the device in its sentence, and a MethodError when a process was ended from outside. As of
    `carry_out`, cases that cannot be predicted stop nothing, and no further task is begun where it is asked to stop:
    those at work are asked too, and StoppedError is raised when they have ended, unless nothing was left to do.
    """
    failed: dict[str, str] = {}
    stopped: StoppedError | None = None
    waiting, free = deque(tasks), deque(devices)
    at_once = min(len(devices), len(tasks))
    running: list[_Worker] = []
    try:
        while waiting or running:
            while waiting and free:
                running.append(_Worker(waiting.popleft(), free.popleft(), at_once))
            # Looked at now and then as well: what a killed process had forked can keep its end of a pipe open.
            wait([worker.connection for worker in running], _LOOK_EVERY_S)
            for worker in [worker for worker in running if worker.is_over()]:
                running.remove(worker)
                free.append(worker.device)
                failed |= worker.failed_cases
                stopped = worker.stopped or stopped
            if waiting and stop_is_asked():
                stopped = _stopped_before(waiting[0])
                waiting.clear()
    finally:
        for worker in running:
            worker.stop()
    if stopped is not None:
        raise stopped
    _raise_for(failed)


def _stopped_before(task: Task) -> StoppedError:
    return StoppedError(f"The run was asked to stop, and did before {task.name}.")


def _raise_for(failed: Mapping[str, str]) -> None:
    if failed:
        raise FailedCasesError(dict(sorted(failed.items())))


class _Worker:
    """A process at work on a task, as its parent sees it."""

    def __init__(self, task: Task, device: Device, at_once: int):
        self.task, self.device = task, device
        self.failed_cases: dict[str, str] = {}
        """Once it is over, those that it could not predict."""
        self.stopped: StoppedError | None = None
        """Once it is over, what it raised if it stopped because it was asked to."""
        self._listens = False
        work = pickle.dumps(task.work)
        self._shown = ExitStack()
        self._report = self._shown.enter_context(task.progress())
        # spawn: a fork of a process that has threads can hang, and one that has used CUDA cannot use it again.
        context = get_context("spawn")
        self.connection, end = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(work, device, at_once, end), name=task.name)
        with deaf_to_interrupts():
            self._process.start()
        end.close()

    def is_over(self) -> bool:
        """Passes on what the process has said; whether it has done its task, but for single cases. Raises when it
        failed."""
        # Before its messages are read: what it said before it ended is then among them.
        alive = self._process.is_alive()
        if alive and self._listens and stop_is_asked() and self._process.pid is not None:
            os.kill(self._process.pid, signal.SIGUSR1)
            self._listens = False
        with suppress(EOFError):
            while self.connection.poll():
                kind, content = self.connection.recv()
                if kind == "started":
                    # Before this, the signal would have ended it.
                    self._listens = True
                    self.task.started(str(self.device), content)
                elif kind == "progress":
                    self._report(*content)
                else:
                    usage, error = content
                    if usage is not None:
                        self.task.ended(usage)
                    if isinstance(error, FailedCasesError):
                        self.failed_cases = error.cases
                    elif isinstance(error, StoppedError):
                        self.stopped = error
                    elif error is not None:
                        raise self._told(error)
                    else:
                        self._shown.close()
                    self.stop(_GRACE_S)
                    return True
            if alive:
                return False
        self._process.join()
        raise MethodError(
            f"{self._what}: its process {how_ended(self._process.exitcode)}. The last checkpoint is intact; the same "
            "command goes on from it."
        )

    def stop(self, wait_s: float = 0) -> None:
        """Ends the process, if it does not end by itself. A checkpoint is written whole or not at all, so at any
        moment."""
        self._process.join(wait_s)
        self._process.terminate()
        self._process.join(_GRACE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        with suppress(Exception):
            # As a progress that was broken off, not one that came to its end.
            self._shown.__exit__(InterruptedError, InterruptedError(), None)

    @property
    def _what(self) -> str:
        return f"{self.task.name} on {self.device}"

    def _told(self, error: Exception) -> Exception:
        known = as_method_error(error)
        if known is not None:
            return MethodError(f"{self._what}: {known}")
        error.add_note(f"It happened in: {self._what}.")
        return error


def _work(pickled: bytes, device: Device, at_once: int, connection: Connection[object, object]) -> None:
    """All that a worker process does. The work comes pickled, so that what fails in unpickling it is told as well."""
    die_with_parent()
    print_on_any_terminal()
    # Ctrl-C reaches the whole group of processes; the parent ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listen_for_stop()
    usage, error = None, None
    try:
        share_cores(at_once)
        device.claim()
        work: Callable[[Report], float | None] = pickle.loads(pickled)
        connection.send(("started", describe_environment(device.kind)))
        with measured(device.kind) as usage:
            usage.device_waited_s = work(lambda done, total, note: connection.send(("progress", (done, total, note))))
    except Exception as raised:
        error = fit_to_send(raised)
    connection.send(("ended", (usage, error)))
