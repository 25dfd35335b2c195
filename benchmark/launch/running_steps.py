"""Says how far tasks are that are being worked on here, by what their runs keep of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from mswal_bench.benchmark.jobs.tasks import Task
from mswal_bench.benchmark.runs.run_progress import Progress, read_progress


class RunningSteps:
    """Tells of a task of a run below `root` what it has done, and about how long its step still takes."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._root, self._clock = root, clock
        self._first: dict[tuple[str, str], tuple[float, int]] = {}
        """By task and step, when it was first seen to have begun, and what was done by then."""

    def __call__(self, task: Task) -> str:
        """`nnunet-v2: train fold 0 120/900, 02:10 left`; the task alone where nothing is known of it."""
        step = next((step for step in read_progress(self._root / task.of) if _is_of(step, task) and step.total), None)
        if step is None:
            return task.key
        now_s = self._clock()
        began_s, before = self._first.setdefault((task.key, step.step), (now_s, step.done))
        text = f"{task.key} {step.done}/{step.total}"
        if before < step.done < step.total:
            left_s = (now_s - began_s) * (step.total - step.done) / (step.done - before)
            text += f", {tqdm.format_interval(left_s)} left"
        return text


def _is_of(step: Progress, task: Task) -> bool:
    if not task.name.startswith("predict "):
        return step.step == task.name
    # Each fold that predicts has a step of its own, which ends with the name of the shard.
    share = step.step.find("shard ")
    return step.step.startswith("predict") and (share < 0 or task.name.endswith(step.step[share:]))
