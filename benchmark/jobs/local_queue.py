"""Works a plan off on this machine: one task on each GPU, or on each share of the cores, at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from time import monotonic, sleep

from mswal_bench.baselines.processes import environment_of_cores
from mswal_bench.benchmark.core.progress import progress_bar, say_above_bar

from .attempts import Outcome
from .queue_record import alone_at
from .task_process import TaskProcess, log_file
from .tasks import Kind, Task, TaskPlan

_LOOK_EVERY_S = 0.1
_TELL_EVERY_S = 2.0
_GRACE_S = 10.0


@dataclass(frozen=True)
class Slot:
    """What one task at a time computes on."""

    name: str
    """For people, and unlike any other's: `cuda:1`, `cpu 2`."""
    environment: Mapping[str, str]
    """What lets a process see this slot alone, with its share of the cores and the memory."""
    is_gpu: bool = False

    def environment_for(self, kind: Kind) -> Mapping[str, str]:
        """What a task of this kind gets. Beside GPUs, what uses none may take all cores: little of it runs at once."""
        if not self.is_gpu or kind.uses_gpu:
            return self.environment
        return {name: value for name, value in self.environment.items() if name not in environment_of_cores(1)}


@dataclass
class WorkedOff:
    """What became of a plan."""

    done: list[Task] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    """By key, why."""
    left: dict[str, str] = field(default_factory=dict)
    """By key of a task that was not begun, the key of the one that it needs and that failed."""


def work_off(plan: TaskPlan, slots: Sequence[Slot], how_far: Callable[[Task], str] = attrgetter("key")) -> WorkedOff:
    """Does all tasks of the plan that can be done, and returns what became of them.

    `how_far` says of a task that is being done, for the bar, which it is and how far. A task that fails costs itself
    and those that need it. When this process ends, however that is, so do its tasks.
    Raises BenchError when another call is at work on the same folder.
    """
    waiting, became = list(plan.tasks), WorkedOff()
    kinds = {task.key: array.kind for array in plan.arrays for task in array.tasks}
    with alone_at(plan.folder), progress_bar("done", "task", estimates=False) as report, _running() as running:
        told_at = 0.0
        while waiting or running:
            for slot in [slot for slot in slots if slot.name not in running]:
                task = _next(waiting, running.values())
                if task is not None:
                    waiting.remove(task)
                    environment = slot.environment_for(kinds[task.key])
                    running[slot.name] = TaskProcess(plan.folder, task, "local", environment)
                    say_above_bar(f"{task.key}: begun on {slot.name}")
            sleep(_LOOK_EVERY_S)
            for name, process in [(name, process) for name, process in running.items() if process.is_over()]:
                del running[name]
                _conclude(process, became)
                # In an order in which no task comes before what it needs, so that one pass finds all.
                _leave_out(waiting, became)
                told_at = 0.0
            if monotonic() - told_at >= _TELL_EVERY_S:
                lost = [f"{len(became.failed)} failed"] if became.failed else []
                doing = [how_far(process.task) for process in running.values()]
                done = len(plan.tasks) - len(waiting) - len(running)
                report(done, len(plan.tasks), "; ".join([*lost, *doing]))
                told_at = monotonic()
    return became


def _next(waiting: Sequence[Task], running: Iterable[TaskProcess]) -> Task | None:
    """The first task that waits for none of those that are to be done yet."""
    not_over = {task.key for task in waiting} | {process.task.key for process in running}
    return next((task for task in waiting if not_over.isdisjoint((*task.needs, *task.after))), None)


def _leave_out(waiting: list[Task], became: WorkedOff) -> None:
    """Takes out of those that wait what needs a task that failed, or was left out itself."""
    for task in list(waiting):
        lost = next((key for key in task.needs if key in became.failed or key in became.left), None)
        if lost is not None:
            waiting.remove(task)
            became.left[task.key] = lost


def _conclude(process: TaskProcess, became: WorkedOff) -> None:
    attempt, task = process.conclude(), process.task
    if attempt.outcome is Outcome.DONE:
        became.done.append(task)
        seconds = 0 if attempt.ended is None else (attempt.ended - attempt.started).total_seconds()
        say_above_bar(f"{task.key}: done after {seconds:.0f} s")
    else:
        became.failed[task.key] = attempt.sentence or "It was stopped."
        say_above_bar(f"{task.key}: failed, see {log_file(process.folder, task)}")


@contextmanager
def _running() -> Iterator[dict[str, TaskProcess]]:
    """The tasks at work, by slot; at the end those that still are get a moment to end, and are ended."""
    running: dict[str, TaskProcess] = {}
    try:
        yield running
    finally:
        give_up_at = monotonic() + _GRACE_S
        while any(not process.is_over() for process in running.values()) and monotonic() < give_up_at:
            sleep(_LOOK_EVERY_S)
        for process in running.values():
            if not process.is_over():
                process.kill()
            process.conclude_stopped()
