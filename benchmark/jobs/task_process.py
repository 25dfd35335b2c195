"""Does a task in a process of its own, which ends with this one, and keeps how the attempt went."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from mswal_bench.baselines.stage_process import how_ended
from mswal_bench.baselines.stop_request import STOPPED_AS_ASKED

from .attempts import Attempt, Attempts, Outcome, read_attempts, utc_now, write_attempts
from .tasks import Task

LOGS = "logs"
_ERROR = "error: "
_PR_SET_PDEATHSIG = 1
_LIBRARY = ctypes.CDLL(None)


class TaskProcess:
    """An attempt at a task. Its file in `folder` says from now on that it has begun."""

    def __init__(self, folder: Path, task: Task, job: str, environment: Mapping[str, str]) -> None:
        """Starts it. `job` is the queue's name for it, and `environment` is added to that of this process."""
        self.folder, self.task = folder, task
        self._log = log_file(folder, task)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._printed_before = log.tell()
            # -P: a folder or file of the user's, where they happen to be, must not be taken for a module.
            command = [sys.executable, "-P", "-m", __package__.partition(".")[0], *task.command]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | environment,
                # Nothing in it takes a lock that another thread may hold at the moment.
                preexec_fn=_end_with_parent,  # noqa: PLW1509
            )
        self.attempts = self._keep(
            read_attempts(folder, task.file_name, task.key).started(
                Attempt(job=job, host=platform.node(), pid=self._process.pid, started=utc_now(), inputs=task.inputs)
            )
        )

    def is_over(self) -> bool:
        """Whether the process has ended. It never waits, so that a signal's handler can ask too."""
        return self._process.poll() is not None

    @property
    def stopped_as_asked(self) -> bool:
        """Whether the process ended because it was asked to, and has kept what it had done."""
        return self._process.poll() == STOPPED_AS_ASKED

    @property
    def is_done(self) -> bool:
        """Whether the process ended because its work was done."""
        return self._process.poll() == 0

    def ask_to_stop(self) -> None:
        """Asks the process to keep what it has done and to end, soon. Only training and prediction do so."""
        self._process.send_signal(signal.SIGUSR1)

    def kill(self) -> None:
        """Ends the process at once, and with it all that it started."""
        self._process.kill()
        self._process.wait()

    def conclude(self) -> Attempt:
        """Keeps and returns how the attempt ended by itself."""
        code = self._process.wait()
        if code == 0:
            return self._ended(Outcome.DONE)
        if code == STOPPED_AS_ASKED:
            return self.conclude_stopped()
        return self._ended(Outcome.FAILED, sentence=self._said() or f"Its process {how_ended(code)}.")

    def conclude_stopped(self, *, in_vain: bool = False) -> Attempt:
        """Keeps that the attempt was stopped from outside."""
        return self._ended(Outcome.STOPPED, in_vain=in_vain)

    def conclude_failed(self, sentence: str) -> Attempt:
        """Keeps that it failed for a reason that the process does not know."""
        return self._ended(Outcome.FAILED, sentence=sentence)

    def _ended(self, outcome: Outcome, *, in_vain: bool = False, sentence: str = "") -> Attempt:
        self.attempts = self._keep(self.attempts.ended(outcome, in_vain=in_vain, sentence=sentence))
        return self.attempts.attempts[-1]

    def _keep(self, attempts: Attempts) -> Attempts:
        write_attempts(self.folder, self.task, attempts)
        return attempts

    def _said(self) -> str:
        """The errors that it printed, which are sentences; empty where it printed none."""
        with self._log.open("rb") as log:
            log.seek(self._printed_before)
            lines = log.read().decode(errors="replace").splitlines()
        return " ".join(line.removeprefix(_ERROR) for line in lines if line.startswith(_ERROR))


def log_file(folder: Path, task: Task) -> Path:
    """Where a task prints to, one attempt after the other."""
    return folder / LOGS / f"{task.file_name}.log"


def _end_with_parent() -> None:
    """In the new process, before it runs: it ends with its parent, however that ends. And it hears nothing of the
    signal with which SLURM announces the time limit to every process of a job; the parent does."""
    if sys.platform == "linux":
        _LIBRARY.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
