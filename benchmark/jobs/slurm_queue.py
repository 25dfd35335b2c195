"""Hands a plan to SLURM, an array of jobs for each array of tasks, and nothing that is queued already."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any

from .attempts import utc_now
from .cluster_settings import ClusterSettings, Request
from .queue_record import QUEUE_FILE, HandedArray, HandedTask, QueueRecord, alone_at, read_queue, write_queue
from .slurm import SlurmJobState, SlurmLimits, cancel_slurm_jobs, slurm_is_here, slurm_jobs, slurm_limits
from .slurm_task import SlurmTask
from .submitit_import import submitit_module
from .tasks import TaskArray, TaskPlan

# A task that gets nowhere is given up by its own count, not by submitit's.
_MOST_REQUEUES = 1_000_000
_SHORTEST_STOP_S = 5


@dataclass(frozen=True)
class Submitted:
    """What came of handing a plan to SLURM."""

    tasks: int
    """How many are queued now that were not before."""
    arrays: int
    queued_before: int
    """How many were in the queue already."""


def submit_to_slurm(
    plan: TaskPlan,
    settings: ClusterSettings,
    options: Request,
    *,
    announce: Callable[[str], None] = lambda sentence: None,
) -> Submitted:
    """Queues what of the plan is not queued. The queue does the rest: nothing has to go on here.

    Tasks that wait for others wait in the queue; where those fail they are taken out of it. `announce` is told of what
    was asked for and is not to be had. Raises BenchError when SLURM refuses; what was queued before that stays.
    """
    if not slurm_is_here():
        what, mend = "SLURM's commands are not on this machine", "Call it on a login node, or use --on local."
        raise BenchError(Problem(what, "--on slurm", mend=mend))
    with alone_at(plan.folder):
        record, jobs = _known(plan.folder)
        alive = {key: job for key, job in jobs.items() if not job.is_over}
        raise_if_any(_asked_otherwise(plan, record, alive))
        lost = _lost(plan, alive)
        cancel_slurm_jobs([alive[key].id for key in lost])
        queued = {key: job.id for key, job in alive.items() if key not in lost}
        before = sum(task.key in queued for task in plan.tasks)
        left = plan.without(set(queued))
        arrays: list[TaskArray] = []
        if left.arrays:
            limits = slurm_limits()
            arrays += _cut(left.arrays, limits.largest_array)
            for array in arrays:
                request = _allowed(settings.request(array.kind, options), array, limits, announce)
                record = _submit(plan.folder, record, array, request, settings, queued)
    return Submitted(len(left.tasks), len(arrays), before)


def cancel_in_slurm(folder: Path) -> int:
    """Takes all that was handed over from the folder out of the queue, running or not; returns how many tasks that
    were."""
    if not (folder / QUEUE_FILE).exists():
        return 0
    with alone_at(folder):
        _, jobs = _known(folder)
        alive = [job for job in jobs.values() if not job.is_over]
        cancel_slurm_jobs(list(dict.fromkeys(job.job for job in alive)))
    return len(alive)


def jobs_of(record: QueueRecord, jobs: Iterable[SlurmJobState]) -> dict[str, SlurmJobState]:
    """By the key of a task, what SLURM says of its last job, for those that SLURM still knows."""
    # By the name, which is no other's: SLURM's numbers can begin anew, and a call that was ended at the wrong moment
    # does not know them.
    by_name = {(job.name, job.index or 0): job for job in jobs}
    found = {}
    for array in record.arrays:
        for index, task in enumerate(array.tasks):
            if (job := by_name.get((array.name, index))) is not None:
                found[task.key] = job
    return found


def _known(folder: Path) -> tuple[QueueRecord, dict[str, SlurmJobState]]:
    record = read_queue(folder)
    if record.user not in (None, os.getuid()):
        what, mend = "its tasks were handed over by another user", "Let that user go on, or use another folder."
        raise BenchError(Problem(what, str(folder), f"user {os.getuid()}", f"user {record.user}", mend))
    return record, jobs_of(record, slurm_jobs()) if record.arrays else {}


def _asked_otherwise(plan: TaskPlan, record: QueueRecord, alive: Mapping[str, SlurmJobState]) -> Iterator[Problem]:
    """For each run, or whatever tasks are parts of, that is queued and was asked for otherwise."""
    asked = {task.of: task.asks for task in plan.tasks}
    queued = {task.of: task.asks for array in record.arrays for task in array.tasks if task.key in alive}
    for of in asked.keys() & queued.keys():
        if asked[of] != queued[of]:
            mend = "Wait for them, or take them out with --cancel."
            yield Problem("tasks of it are queued that were asked for otherwise", of, asked[of], queued[of], mend)


def _lost(plan: TaskPlan, alive: Mapping[str, SlurmJobState]) -> list[str]:
    """Those of the tasks in the queue that would never begin, or begin too soon: they wait there for a job that is
    over, and what it was to do is to be queued anew."""
    lost: list[str] = []
    anew: set[str] = set()
    for task in plan.tasks:
        job = alive.get(task.key)
        if job is None:
            anew.add(task.key)
        elif job.is_stuck or (job.state == "PENDING" and not anew.isdisjoint((*task.needs, *task.after))):
            anew.add(task.key)
            lost.append(task.key)
    return lost


def _cut(arrays: Sequence[TaskArray], largest: int) -> Iterator[TaskArray]:
    for array in arrays:
        for start in range(0, len(array.tasks), largest):
            yield TaskArray(array.name, array.kind, array.tasks[start : start + largest])


def _allowed(request: Request, array: TaskArray, limits: SlurmLimits, announce: Callable[[str], None]) -> Request:
    """The request with no more time than its partition gives: SLURM would let the job pend for ever."""
    most = limits.minutes.get(request.partition or limits.default_partition or "")
    if most is None or request.time is None or request.time <= most:
        return request
    announce(f"note: {array.kind}: {request.time} minutes were to be asked for, and the partition gives {most}")
    return request.model_copy(update={"time": most})


def _submit(
    folder: Path,
    record: QueueRecord,
    array: TaskArray,
    request: Request,
    settings: ClusterSettings,
    queued: dict[str, str],
) -> QueueRecord:
    """Queues an array, and adds its tasks to those that are `queued`."""

    name = f"{record.id}-{len(record.arrays)}-{array.name}"
    handed = HandedArray(name=name, at=utc_now(), tasks=tuple(HandedTask.made_of(task) for task in array.tasks))
    # Before it is queued: whatever ends this call, the next one knows whose jobs these are.
    record = record.with_array(handed)
    write_queue(folder, record)
    minutes = request.time or 60
    ahead_s = settings.stop_ahead_s(request)
    executor = submitit_module("submitit").SlurmExecutor(folder / "slurm", max_num_timeout=_MOST_REQUEUES)
    executor.update_parameters(
        job_name=name,
        wckey=None,
        time=minutes,
        partition=request.partition,
        account=request.account,
        qos=request.qos,
        constraint=request.constraint,
        cpus_per_task=request.cpus,
        gpus_per_node=request.gpus or None,
        mem=None if request.memory is None else f"{round(1000 * request.memory)}M",
        setup=list(request.setup or ()),
        # Since 22.05 srun does not take it over from the job by itself.
        srun_args=[f"--cpus-per-task={request.cpus}"],
        array_parallelism=settings.at_once,
        signal_delay_s=ahead_s,
        dependency=_dependency(array, queued),
        additional_parameters={"requeue": True, "kill-on-invalid-dep": "yes", **(request.sbatch or {})},
    )
    stop_within_s = max(_SHORTEST_STOP_S, 0.8 * ahead_s)
    work = [SlurmTask(folder.absolute(), task, array.kind, stop_within_s) for task in array.tasks]
    try:
        first, *_ = executor.submit_array(work)
    except Exception as error:
        write_queue(folder, record.without_array(handed))
        raise BenchError(Problem("SLURM refused a job", name, found=_words(error), mend=_MEND)) from error
    job = first.job_id.partition("_")[0]
    record = record.with_array(handed.model_copy(update={"job": job}))
    write_queue(folder, record)
    for index, task in enumerate(array.tasks):
        queued[task.key] = f"{job}_{index}" if len(array.tasks) > 1 else job
    return record


_MEND = "Change what is asked for, by options or in cluster.yaml, and launch again: what is queued stays."


def _dependency(array: TaskArray, queued: Mapping[str, str]) -> str | None:
    """What the array waits for in the queue. What is not queued is done, or the task will say that it is not."""
    needs = dict.fromkeys(queued[key] for task in array.tasks for key in task.needs if key in queued)
    after = dict.fromkeys(queued[key] for task in array.tasks for key in task.after if key in queued)
    # afterok of a task that failed would let a job pend for ever, without kill-on-invalid-dep.
    parts = [":".join((kind, *ids)) for kind, ids in (("afterok", needs), ("afterany", after)) if ids]
    return ",".join(parts) or None


def _words(error: Exception) -> str:
    """What sbatch said; of any other error what it is."""
    said = [line.partition("sbatch: error: ")[2].strip() for line in str(error).splitlines() if "sbatch: error" in line]
    return " ".join(dict.fromkeys(said)) or f"{type(error).__name__}: {error}"
