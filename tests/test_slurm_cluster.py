import os
import subprocess
from collections.abc import Iterator

import psutil
import pytest

from .slurm_cluster import ClusterError, SlurmCluster, wait_until


@pytest.fixture
def cluster(slurm: SlurmCluster) -> Iterator[SlurmCluster]:
    yield slurm
    slurm.clear()


def test_two_jobs_run_at_once_on_two_nodes_each_with_its_gpu(cluster):
    script = "echo $SLURMD_NODENAME $CUDA_VISIBLE_DEVICES; sleep 100"
    jobs = [cluster.sbatch("--gres=gpu:1", "--wrap", script) for _ in range(3)]
    running = [cluster.wait_for(job, "RUNNING") for job in jobs[:2]]
    assert {job.node for job in running} == {"node0", "node1"}
    assert cluster.job(jobs[2]).state == "PENDING"
    for job in running:
        out = cluster.folder / "log" / f"job-{job.name}"
        wait_until(lambda out=out: out.exists() and out.read_text() != "", "the job says where it is")
        assert out.read_text() == f"{job.node} 0\n"


def test_elements_of_an_array_have_a_name_and_a_number(cluster):
    array = cluster.sbatch("--array=0-2", "--wrap", "echo $SLURM_JOB_ID; sleep 100")
    running = [cluster.wait_for(f"{array}_{index}", "RUNNING") for index in range(2)]
    for job in running:
        wait_until((cluster.folder / "log" / f"job-{job.number}").exists, "the job has begun")
    assert len({job.number for job in running}) == 2
    assert cluster.job(f"{array}_2").state == "PENDING"


def test_a_requeued_job_runs_again(cluster):
    job = cluster.sbatch("--wrap", "sleep 100")
    cluster.wait_for(job, "RUNNING")
    cluster.scontrol("requeue", job)
    cluster.wait_for(job, "PENDING", restarts=1)
    cluster.start_soon(job)
    assert cluster.wait_for(job, "RUNNING", restarts=1, timeout_s=15).restarts == 1


def test_jobs_of_a_node_that_goes_down_run_elsewhere(cluster):
    job = cluster.sbatch("--wrap", "sleep 100")
    node = cluster.wait_for(job, "RUNNING").node
    cluster.node_down(node)
    assert cluster.node_state(node).startswith("down")
    cluster.wait_for(job, "PENDING", restarts=1)
    cluster.start_soon(job)
    assert cluster.wait_for(job, "RUNNING", restarts=1).node != node
    cluster.node_up(node)
    assert cluster.node_state(node) == "idle"


def test_a_job_outlives_its_nodes_daemon(cluster):
    job = cluster.sbatch("--wrap", f"while [ ! -e {cluster.folder}/go ]; do sleep .1; done")
    node = cluster.wait_for(job, "RUNNING").node
    cluster.kill_slurmd(node)
    cluster.restart_slurmd(node)
    (cluster.folder / "go").touch()
    assert cluster.wait_for(job, "COMPLETED").restarts == 0


def test_submitit_reads_a_jobs_state(cluster):
    job = cluster.sbatch("--wrap", "exit 3")
    cluster.wait_for(job, "FAILED")
    command = ["sacct", "-o", "JobID,State,NodeList", "--parsable2", "-j", job]
    environment = os.environ | cluster.environment
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    head, line = done.stdout.splitlines()
    assert head == "JobID|State|NodeList"
    assert line.startswith(f"{job}|FAILED|node")


def test_what_slurm_refuses_is_told(cluster):
    with pytest.raises(ClusterError, match=r"scontrol requeue 99999: .*Invalid job id"):
        cluster.scontrol("requeue", "99999")


def test_nothing_is_left_of_one_and_the_other_stands(cluster):
    with SlurmCluster(nodes=1) as other:
        # A job that will not be told.
        job = other.sbatch("--wrap", "trap '' TERM; sleep 100 & echo $$ $!; wait; sleep 100")
        other.wait_for(job, "RUNNING")
        out = other.folder / "log" / f"job-{job}"
        wait_until(lambda: out.exists() and out.read_text() != "", "the job tells its processes")
        pids = [int(pid) for pid in out.read_text().split()]
        assert {"slurmctld", "slurmd", "munged"} <= {process.name() for process, _ in other.processes()}
    assert not other.folder.exists()
    assert not list(other.processes())
    assert len(pids) == 2
    assert not [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]
    assert {cluster.node_state(node) for node in cluster.nodes} == {"idle"}
