"""A throw-away SLURM: a controller and nodes of one CPU and one GPU each, on loopback, as any user, without systemd.

Several can stand side by side. Every node is a `slurmd` of its own on this machine, so that one can be killed or taken
down while the others work. The GPUs are names for /dev/null, enough for `--gres=gpu:1` and CUDA_VISIBLE_DEVICES.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "squeue", "sbatch", "scancel", "scontrol", "sinfo")
"""What it needs (Debian: slurmctld, slurmd, slurm-client, munge)."""

# Debian keeps the daemons where only root looks.
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])

# A requeued job waits for cred_expire and one second more, and then for the scheduler, which looks every
# sched_interval. A cred_expire below 5 is taken as 120. With these values it starts again after 6.5 s, with the usual
# ones after two to three minutes. A pre-empted job that stays is ended at the first of the controller's looks after its
# GraceTime, which come every 30 s and cannot be told to come sooner. A node whose slurmd is gone is down after
# SlurmdTimeout.
_SETTINGS = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MailProg=/bin/true
GresTypes=gpu
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,sched_min_interval=0,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=2
MinJobAge=3600
SlurmdTimeout=20
ReturnToService=1
{nodes}PartitionName=DEFAULT Nodes=ALL MaxTime=INFINITE DefMemPerCPU=500
PartitionName=gpu Default=YES PriorityTier=1 PreemptMode=REQUEUE GraceTime=3
PartitionName=urgent PriorityTier=10 PreemptMode=OFF
"""
_NODE = "NodeName={node} NodeHostname={node} NodeAddr=127.0.0.1 Port={port} CPUs=1 RealMemory=4000 Gres=gpu:1\n"
# There is no accounting, and submitit asks it for its jobs' states: the controller remembers them for an hour.
_SACCT = """\
#!/bin/sh
# submitit's call is `sacct -o JobID,State,NodeList --parsable2 -j 1 -j 2`.
jobs=
for word; do case $word in [0-9]*) jobs=$jobs,$word ;; esac; done
echo 'JobID|State|NodeList'
squeue --noheader --array --states=all --jobs="${jobs#,}" --format='%i|%T|%N'
"""


class ClusterError(Exception):
    """The cluster refused what it was told, or did not do it in time."""


@dataclass(frozen=True)
class Job:
    """A job, or an element of an array, as the controller sees it."""

    name: str
    """`7`, or `5_1` of an array."""
    number: str
    """SLURM_JOB_ID of its processes: of an array's element another number than in its name."""
    state: str
    node: str
    """Empty where it has none."""
    restarts: int


class SlurmCluster:
    """A cluster in a temporary folder. It is a context as well: `with SlurmCluster(nodes=3) as cluster`."""

    def __init__(self, nodes: int = 2) -> None:
        self.nodes = tuple(f"node{index}" for index in range(nodes))
        # Not in a test's own folder: the path of munge's socket may have 107 characters and no more.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-")).resolve()
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What speaks with this cluster needs: SLURM_CONF, and a PATH on which `sacct` answers submitit."""
        path = os.pathsep.join([str(self.folder / "bin"), os.environ.get("PATH", os.defpath)])
        return {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": path}

    def start(self) -> None:
        """Returns once every node is idle, in little more than a second.

        Raises:
            ClusterError: the nodes did not come up; everything is stopped and removed again.
        """
        try:
            self._write()
            munge = self.folder / "munge"
            files = (f"--{option}={munge / option.split('-')[0]}" for option in ("socket", "key-file", "seed-file"))
            logs = (f"--pid-file={munge}/pid", f"--log-file={munge}/log")
            self._launch("munged", "munged", "--foreground", "--force", *files, *logs)
            wait_until((munge / "socket").exists, "munged listens")
            self._launch("slurmctld", "slurmctld", "-D", "-i", "-f", str(self.folder / "slurm.conf"))
            for node in self.nodes:
                self.restart_slurmd(node)
            wait_until(self._is_idle, "all nodes are idle")
        except BaseException as error:
            logs_end = "".join(path.read_text(errors="replace")[-1500:] for path in self.folder.glob("log/*"))
            self.stop()
            if isinstance(error, ClusterError):
                raise ClusterError(f"{error}\n{logs_end}") from None
            raise

    def stop(self) -> None:
        """Ends the daemons, the jobs and all that was started with this cluster's SLURM_CONF; removes the folder."""
        for daemon in self._daemons.values():
            # Not asked politely: the controller would wait for the jobs, and the jobs need not be told.
            daemon.kill()
            daemon.wait()
        self._daemons.clear()

        def nothing_left() -> bool:
            return self._end(process for process, _ in self.processes()) == 0

        wait_until(nothing_left, "all processes of the cluster have ended")
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> SlurmCluster:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def clear(self) -> None:
        """Ends all jobs at once and brings every node back: the next test finds the cluster as it was at first."""
        for node in self.nodes:
            if self._daemons[node].poll() is not None:
                self.restart_slurmd(node)

        def nothing_queued() -> bool:
            # More than once: what is just being queued again cannot be cancelled yet.
            self.scancel(f"--user={_user()}")
            self._end(process for process, environment in self.processes() if "SLURM_JOB_ID" in environment)
            return not self.squeue()

        wait_until(nothing_queued, "no job is left")
        for node in self.nodes:
            self.node_up(node)
        wait_until(self._is_idle, "all nodes are idle")

    def call(self, program: str, *options: str) -> str:
        """What a program of SLURM prints.

        Raises:
            ClusterError: it failed; the text is its own.
        """
        environment = os.environ | self.environment
        done = subprocess.run(
            [program, *options], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode:
            raise ClusterError(f"{program} {' '.join(options)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def squeue(self, *options: str) -> list[str]:
        """The lines below the header."""
        return self.call("squeue", "--noheader", *options).splitlines()

    def scontrol(self, *options: str) -> str:
        return self.call("scontrol", *options)

    def scancel(self, *options: str) -> None:
        self.call("scancel", *options)

    def sbatch(self, *options: str) -> str:
        """Submits and gives the job's number; what a job prints goes to the cluster's folder unless told otherwise."""
        return self.call("sbatch", "--parsable", f"--output={self.folder}/log/job-%j", *options)

    def jobs(self) -> list[Job]:
        """All jobs that the controller remembers, those that ended as well; an array's elements one by one."""
        # Not --Format's columns alone: they are cut at their width.
        fields = "JobID:12|,ArrayJobID:12|,ArrayTaskID:12|,State:20|,NodeList:100|,RestartCnt:12"
        jobs = []
        for line in self.squeue("--array", "--states=all", f"--Format={fields}"):
            number, array, task, state, node, restarts = (field.strip() for field in line.split("|"))
            name = f"{array}_{task}" if task.isdigit() else number
            jobs.append(Job(name, number, state, node, int(restarts)))
        return jobs

    def job(self, name: str) -> Job:
        """
        Raises:
            KeyError: the controller knows no such job.
        """
        return {job.name: job for job in self.jobs()}[name]

    def wait_for(self, name: str, *states: str, restarts: int = 0, timeout_s: float = 30) -> Job:
        """Waits until a job is in one of the states and was started again at least so often.

        Raises:
            ClusterError: it was not in time.
        """

        def holds() -> bool:
            job = self.job(name)
            return job.state in states and job.restarts >= restarts

        wait_until(holds, f"job {name} is {' or '.join(states)}", timeout_s)
        return self.job(name)

    def start_soon(self, name: str) -> None:
        """Spares a requeued job, which must be pending, most of the six seconds that it would wait.

        Where processes of its last run still live, its old node refuses it and is drained.
        """
        # Not `now`: in the second in which a job was killed its node refuses it, and it fails.
        self.scontrol("update", f"JobId={name}", "StartTime=now+1seconds")

    def node_state(self, name: str) -> str:
        """As sinfo says it: `idle`, `allocated`, `down`; with a star where its slurmd does not answer."""
        return self.call("sinfo", "--noheader", "--partition=gpu", f"--nodes={name}", "--format=%T")

    def node_down(self, name: str) -> None:
        """The administrator takes a node down; its jobs are ended and queued again."""
        self.scontrol("update", f"NodeName={name}", "State=DOWN", "Reason=test")

    def node_up(self, name: str) -> None:
        """Waits until the node works again; does nothing to one that does. Its slurmd must run."""
        if self.node_state(name).startswith(("down", "drain")):
            self.scontrol("update", f"NodeName={name}", "State=RESUME")
        wait_until(lambda: self.node_state(name) in {"idle", "allocated", "mixed", "completing"}, f"{name} works")

    def kill_slurmd(self, name: str) -> None:
        """The node's jobs live on; the controller takes it for down after twenty seconds and queues them again."""
        self._daemons[name].kill()
        self._daemons[name].wait()

    def restart_slurmd(self, name: str) -> None:
        """Starts a node's slurmd that was killed."""
        self._launch(name, "slurmd", "-D", "-N", name, "-f", str(self.folder / "slurm.conf"))

    def processes(self) -> Iterator[tuple[psutil.Process, dict[str, str]]]:
        """What was started with this cluster's SLURM_CONF, with its environment: daemons, jobs, and who asks them."""
        mine = self.environment["SLURM_CONF"]
        for process in psutil.process_iter():
            try:
                # Not psutil's `environ`, which stops at the first empty entry: a slurmstepd writes its title over them.
                entries = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
            except OSError:
                # It ended, or is another user's.
                continue
            pairs = (os.fsdecode(entry).partition("=") for entry in entries)
            environment = {name: value for name, _, value in pairs}
            if environment.get("SLURM_CONF") == mine:
                yield process, environment

    @staticmethod
    def _end(processes: Iterable[psutil.Process]) -> int:
        # Never this process, though its environment may have been made for the cluster.
        spared = {os.getpid(), *(process.pid for process in psutil.Process().parents())}
        ended = [process for process in processes if process.pid not in spared]
        for process in ended:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return len(ended)

    def _is_idle(self) -> bool:
        try:
            states = self.call("sinfo", "--noheader", "--Node", "--partition=gpu", "--format=%T").split()
        except ClusterError:
            # The controller does not listen yet.
            return False
        return states == ["idle"] * len(self.nodes)

    def _launch(self, name: str, program: str, *options: str) -> None:
        path = found(program)
        if path is None:
            raise ClusterError(f"{program} is not on this machine")
        with (self.folder / "log" / name).open("ab") as log:
            self._daemons[name] = subprocess.Popen(
                [path, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | self.environment, start_new_session=True,
            )  # fmt: skip

    def _write(self) -> None:
        for name in ("state", "log", "munge", "bin", "gpu", *(f"spool-{node}" for node in self.nodes)):
            (self.folder / name).mkdir(mode=0o700)
        (self.folder / "munge" / "key").write_bytes(os.urandom(128))
        (self.folder / "munge" / "key").chmod(0o400)
        (self.folder / "bin" / "sacct").write_text(_SACCT)
        (self.folder / "bin" / "sacct").chmod(0o700)
        port, *ports = _free_ports(1 + len(self.nodes))
        nodes = gpus = ""
        for node, node_port in zip(self.nodes, ports, strict=True):
            nodes += _NODE.format(node=node, port=node_port)
            gpu = self.folder / "gpu" / node
            gpu.symlink_to("/dev/null")
            gpus += f"NodeName={node} Name=gpu File={gpu}\n"
        host, user = socket.gethostname().partition(".")[0], _user()
        settings = _SETTINGS.format(host=host, user=user, folder=self.folder, port=port, nodes=nodes)
        (self.folder / "slurm.conf").write_text(settings)
        (self.folder / "gres.conf").write_text(gpus)


def found(program: str) -> str | None:
    """Where a program of SLURM is; None where it is not."""
    return shutil.which(program, path=_PATH)


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = 30) -> None:
    """
    Raises:
        ClusterError: it did not hold in time; the text says what.
    """
    end = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > end:
            raise ClusterError(f"waited {timeout_s:g} s in vain until {what}")
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    # Below those that the system gives to callers, one of which could take a port between this look and its use.
    free: list[int] = []
    for port in random.SystemRandom().sample(range(10_000, 32_000), 1_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                free.append(port)
        if len(free) == count:
            return free
    raise ClusterError("no free ports on this machine")


def _user() -> str:
    # Not getpass, which believes LOGNAME.
    return pwd.getpwuid(os.getuid()).pw_name
