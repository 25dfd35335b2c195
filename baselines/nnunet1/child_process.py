"""Runs a step in a process of its own, whose environment, imports and output are not ours. Needs no torch.

The child gets its request as one line of JSON and answers in lines of JSON: progress while it works, then a result or
an error. It waits until its progress was heard, so that what interrupts us in between interrupts it there, and hears in
the answer when we were asked to stop. What it prints goes to a log file. `child_main.py` is the other side.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from mswal_bench.baselines.method import FailedCasesError, MethodError, Report
from mswal_bench.baselines.stop_request import StoppedError, stop_is_asked

KILLED = (
    "was killed (signal {signal}), most often because the machine's memory was full. Run the same command again to go "
    "on, on a machine with more memory or with fewer cores, of which each takes a volume"
)

STOP = "stop"
"""What progress is answered with when the step is to stop; otherwise it is an empty line."""


class ChildError(Exception):
    """A step failed in its process; the log says where."""


def run_in_child(
    step: str, request: Mapping[str, Any], environment: Mapping[str, str], log: Path, report: Report
) -> Any:
    """Runs the function `step` (`package.module:function`) with the arguments `request`, and returns what it returns.

    Arguments and result are what JSON holds. `environment` is added to ours, for the child alone. No process of the
    step is left, however this ends. Raises MethodError for what the user can mend, StoppedError for a step that stopped
    because this process was asked to, ChildError for everything else.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    # -P: a folder or file of the user's, where they happen to be, must not be taken for a module.
    command = [sys.executable, "-P", "-m", f"{__package__}.child_main", step]
    with log.open("a", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=os.environ | environment,
            text=True,
            # A group of its own, so that all of it can be ended. Ctrl-C then comes to us alone.
            start_new_session=True,
        )
    try:
        return _converse(process, request, log, report)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()


def _converse(process: subprocess.Popen[str], request: Mapping[str, Any], log: Path, report: Report) -> Any:
    if process.stdin is None or process.stdout is None:
        raise AssertionError("both are pipes")
    _say(process.stdin, json.dumps(request))
    for line in process.stdout:
        message = json.loads(line)
        if "progress" in message:
            report(*message["progress"])
            if message["waits"]:
                _say(process.stdin, STOP if stop_is_asked() else "")
        elif "stopped" in message:
            raise StoppedError(message["stopped"])
        elif "failed" in message:
            raise FailedCasesError(message["failed"])
        elif "mendable" in message:
            raise MethodError(message["mendable"])
        elif "error" in message:
            raise ChildError(f"{message['error']} (see {log})")
        else:
            return message["result"]
    code = process.wait()
    if code < 0:
        raise MethodError(f"The process of nnU-Net v1 {KILLED.format(signal=-code)}.")
    raise ChildError(f"The process of nnU-Net v1 ended with exit code {code} and no result (see {log})")


def _say(stdin: IO[str], line: str) -> None:
    # A child that is gone is noticed where its answers end.
    with suppress(BrokenPipeError):
        stdin.write(line + "\n")
        stdin.flush()
