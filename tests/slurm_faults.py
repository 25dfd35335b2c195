"""What goes wrong on a cluster, done on purpose to jobs that run; and what of ended jobs still lives.

A fault is a function of the cluster and a source of chance, which picks the job. It returns a sentence of what it did,
and an empty text where there was nothing to do it to.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from .slurm_cluster import ClusterError, Job, SlurmCluster

Fault = Callable[[SlurmCluster, random.Random], str]

# Longer than the two seconds that the ended run has left.
_DOWN_S = (3.0, 8.0)


def cancel(cluster: SlurmCluster, chance: random.Random) -> str:
    """As a user's `scancel`: SIGTERM, and two seconds later SIGKILL."""
    return _to_a_job(cluster, chance, "cancelled", lambda job: cluster.scancel(job.name))


def cancel_with_kill(cluster: SlurmCluster, chance: random.Random) -> str:
    """As `scancel --signal=KILL`: without `--full` SLURM takes it for a cancellation, and SIGTERM comes first."""
    return _to_a_job(cluster, chance, "cancelled with SIGKILL", lambda job: cluster.scancel("--signal=KILL", job.name))


def requeue(cluster: SlurmCluster, chance: random.Random) -> str:
    """SIGTERM, SIGKILL, and the job is queued again."""
    return _to_a_job(cluster, chance, "requeued", lambda job: cluster.scontrol("requeue", job.name))


def time_limit(cluster: SlurmCluster, chance: random.Random) -> str:
    """The signal that submitit asks for ahead of a time limit; SLURM sends it to what `srun` started."""
    return _to_a_job(cluster, chance, "sent SIGUSR2", lambda job: cluster.scancel("--signal=USR2", job.name))


def preemption_notice(cluster: SlurmCluster, chance: random.Random) -> str:
    """The SIGTERM at the begin of a pre-emption's grace time, to what `srun` started; here nothing follows it."""
    return _to_a_job(cluster, chance, "sent SIGTERM", lambda job: cluster.scancel("--signal=TERM", job.name))


def preemption(cluster: SlurmCluster, chance: random.Random) -> str:
    """A job in `urgent` takes the node: SIGTERM at once, the end and the requeue up to thirty seconds later."""

    def take(job: Job) -> None:
        cluster.sbatch("--partition=urgent", "--job-name=urgent", f"--nodelist={job.node}", "--wrap", "sleep 1")

    return _to_a_job(cluster, chance, "pre-empted", take)


def node_outage(cluster: SlurmCluster, chance: random.Random) -> str:
    """The node goes down and comes back some seconds later: returns only then."""
    seconds = chance.uniform(*_DOWN_S)

    def down_and_up(job: Job) -> None:
        cluster.node_down(job.node)
        time.sleep(seconds)
        cluster.node_up(job.node)

    return _to_a_job(cluster, chance, f"deprived of its node for {seconds:.1f} s", down_and_up)


def kill_python(cluster: SlurmCluster, chance: random.Random) -> str:
    """SIGKILL to the job's first Python process, as the kernel's out-of-memory killer does."""
    return _kill_one(cluster, chance, lambda pythons, below: pythons)


def kill_descendant(cluster: SlurmCluster, chance: random.Random) -> str:
    """SIGKILL to one of the processes that the job's first Python process started."""
    return _kill_one(cluster, chance, lambda pythons, below: below)


FAULTS: tuple[Fault, ...] = (
    cancel, cancel_with_kill, requeue, time_limit, preemption_notice, preemption, node_outage, kill_python,
    kill_descendant,
)  # fmt: skip


@dataclass(frozen=True)
class Orphan:
    """A process of a run that the controller takes for ended."""

    pid: int
    number: str
    """SLURM_JOB_ID."""
    restarts: int
    """How often its job had been started before."""
    command: str


def orphans(cluster: SlurmCluster) -> list[Orphan]:
    """Processes of jobs that ended, or of earlier runs of jobs that run again; empty where there are none.

    A run that is being ended has two seconds (KillWait) for it, and where its job is already pending or its node down
    its processes are listed in that time: wait until there are none.
    """
    found = [
        Orphan(process.pid, environment["SLURM_JOB_ID"], int(environment.get("SLURM_RESTART_COUNT", "0")), "")
        for process, environment in cluster.processes()
        if "SLURM_JOB_ID" in environment
    ]
    # After the processes: a job that starts between the two is known to the second look.
    jobs = {job.number: job for job in cluster.jobs()}
    left = []
    for orphan in found:
        job = jobs.get(orphan.number)
        if job is not None and job.state == "COMPLETING":
            continue
        if job is not None and job.state in {"RUNNING", "SIGNALING", "SUSPENDED"} and job.restarts == orphan.restarts:
            continue
        try:
            command = " ".join(psutil.Process(orphan.pid).cmdline())
        except psutil.Error:
            # It ended since.
            continue
        # A process that has ended and waits for its parent to ask how has no command.
        if command:
            left.append(Orphan(orphan.pid, orphan.number, orphan.restarts, command))
    return left


def _running(cluster: SlurmCluster) -> list[Job]:
    # Not the urgent jobs, which stand for other people's.
    names = set(cluster.squeue("--array", "--partition=gpu", "--states=RUNNING", "--format=%i"))
    return sorted((job for job in cluster.jobs() if job.name in names), key=lambda job: job.name)


def _to_a_job(cluster: SlurmCluster, chance: random.Random, what: str, act: Callable[[Job], object]) -> str:
    running = _running(cluster)
    if not running:
        return ""
    job = chance.choice(running)
    try:
        act(job)
    except ClusterError:
        if cluster.job(job.name).state == "RUNNING":
            raise
        # It ended before it was reached.
        return ""
    return f"Job {job.name} on {job.node} (started {job.restarts + 1} times) was {what}."


def _kill_one(
    cluster: SlurmCluster,
    chance: random.Random,
    which: Callable[[list[psutil.Process], list[psutil.Process]], list[psutil.Process]],
) -> str:
    running = _running(cluster)
    chance.shuffle(running)
    for job in running:
        victims = which(*_processes(cluster, job))
        if victims:
            victim = chance.choice(victims)
            try:
                command = " ".join(victim.cmdline())
                victim.kill()
            except psutil.Error:
                continue
            return f"Job {job.name} on {job.node}: process {victim.pid} ({command[:100]}) was killed."
    return ""


def _processes(cluster: SlurmCluster, job: Job) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """The Python processes of a job that no other one started, and all that those started, by number."""
    mine = {
        process.pid: process
        for process, environment in cluster.processes()
        if environment.get("SLURM_JOB_ID") == job.number
    }
    first, below = [], {}
    for process in mine.values():
        try:
            above = {parent.pid for parent in process.parents()}
            if _is_python(process) and not any(_is_python(mine[pid]) for pid in above & mine.keys()):
                first.append(process)
                below.update({child.pid: child for child in process.children(recursive=True)})
        except psutil.Error:
            continue
    return first, [below[pid] for pid in sorted(below)]


def _is_python(process: psutil.Process) -> bool:
    return process.name().startswith("python")
