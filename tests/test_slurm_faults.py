import random
import sys
from collections.abc import Iterator

import psutil
import pytest

from . import slurm_faults
from .slurm_cluster import SlurmCluster, wait_until

# Says which signals it and a child got, and what the child's number is.
_JOB = """
import os, signal, subprocess, sys, time
def told(number, frame):
    print(signal.Signals(number).name, flush=True)
for each in (signal.SIGTERM, signal.SIGUSR2):
    signal.signal(each, told)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"], stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
print("child", child.pid, flush=True)
print("child ended with", child.wait(), flush=True)
time.sleep(100)
"""


class Running:
    """A job that writes what happens to it."""

    def __init__(self, cluster: SlurmCluster) -> None:
        self.cluster = cluster
        script = cluster.folder / "job.py"
        script.write_text(_JOB)
        self.name = cluster.sbatch("--open-mode=append", "--wrap", f"srun {sys.executable} {script}")
        self.says("child")

    @property
    def text(self) -> str:
        path = self.cluster.folder / "log" / f"job-{self.name}"
        return path.read_text() if path.exists() else ""

    def says(self, what: str) -> None:
        wait_until(lambda: what in self.text, f"the job says {what}")

    def does(self, fault: slurm_faults.Fault) -> str:
        sentence = fault(self.cluster, random.Random(0))
        assert f"Job {self.name} " in sentence
        return sentence

    def runs_again(self) -> None:
        self.cluster.wait_for(self.name, "PENDING", restarts=1)
        self.cluster.start_soon(self.name)
        self.cluster.wait_for(self.name, "RUNNING", restarts=1)


@pytest.fixture
def job(slurm: SlurmCluster) -> Iterator[Running]:
    yield Running(slurm)
    slurm.clear()
    wait_until(lambda: not slurm_faults.orphans(slurm), "no process is left")


def test_cancel(job):
    assert job.does(slurm_faults.cancel).endswith("was cancelled.")
    job.cluster.wait_for(job.name, "CANCELLED")
    job.says("SIGTERM")


def test_cancel_with_kill(job):
    job.does(slurm_faults.cancel_with_kill)
    job.cluster.wait_for(job.name, "CANCELLED")


def test_requeue(job):
    job.does(slurm_faults.requeue)
    job.runs_again()
    assert "SIGTERM" in job.text


@pytest.mark.parametrize(
    ("fault", "signal"), [(slurm_faults.time_limit, "SIGUSR2"), (slurm_faults.preemption_notice, "SIGTERM")]
)
def test_a_signal_reaches_the_job_and_ends_nothing(job, fault, signal):
    job.does(fault)
    job.says(signal)
    assert job.cluster.job(job.name).state == "RUNNING"


def test_preemption(job):
    job.does(slurm_faults.preemption)
    job.says("SIGTERM")
    job.cluster.wait_for(job.name, "COMPLETING", "PENDING", restarts=1, timeout_s=60)


def test_node_outage(job):
    job.does(slurm_faults.node_outage)
    assert {job.cluster.node_state(node) for node in job.cluster.nodes} <= {"idle", "allocated"}
    job.cluster.wait_for(job.name, "RUNNING", restarts=1)


def test_kill_python(job):
    assert "job.py) was killed." in job.does(slurm_faults.kill_python)
    job.cluster.wait_for(job.name, "FAILED")


def test_kill_descendant(job):
    assert "time.sleep(100)) was killed." in job.does(slurm_faults.kill_descendant)
    job.says("child ended with -9")
    assert job.cluster.job(job.name).state == "RUNNING"


def test_where_nothing_runs_nothing_is_done(slurm):
    slurm.sbatch("--partition=urgent", "--wrap", "sleep 100")
    slurm.sbatch("--hold", "--wrap", "sleep 100")
    try:
        assert [fault(slurm, random.Random(0)) for fault in slurm_faults.FAULTS] == [""] * len(slurm_faults.FAULTS)
    finally:
        slurm.clear()


def test_a_process_that_outlives_its_job_is_an_orphan(job):
    assert slurm_faults.orphans(job.cluster) == []
    # A session of its own: SLURM ends the descendants of a job's own processes, and this one is nobody's child.
    script = "setsid sh -c 'sleep 100 & exec true'"
    gone = job.cluster.sbatch("--wrap", script)
    job.cluster.wait_for(gone, "COMPLETED")
    (orphan,) = slurm_faults.orphans(job.cluster)
    assert (orphan.number, orphan.restarts, orphan.command) == (gone, 0, "sleep 100")
    psutil.Process(orphan.pid).kill()


def test_a_process_of_an_earlier_run_is_an_orphan(job):
    child = int(job.text.split()[1])
    environment = psutil.Process(child).environ()
    # As one that outlived the requeue.
    stray = psutil.Popen(["sleep", "100"], env=environment)
    try:
        assert slurm_faults.orphans(job.cluster) == []
        job.does(slurm_faults.requeue)
        job.runs_again()
        assert [orphan.pid for orphan in slurm_faults.orphans(job.cluster)] == [stray.pid]
    finally:
        stray.kill()
        stray.wait()
