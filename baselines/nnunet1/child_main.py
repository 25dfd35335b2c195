"""Runs as the main module of nnU-Net v1's process: reads a request, calls a step, answers. See `child_process.py`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from importlib import import_module
from multiprocessing import set_start_method
from multiprocessing.process import BaseProcess
from time import sleep
from typing import Any, NoReturn

from mswal_bench.baselines.failures import as_method_error
from mswal_bench.baselines.method import FailedCasesError
from mswal_bench.baselines.processes import die_with_parent
from mswal_bench.baselines.stop_request import StoppedError, ask_to_stop

from .child_process import KILLED, STOP

_WATCH_EVERY_S = 0.5


class Answers:
    """The pipe to the parent; workers that were forked may write to it too."""

    def __init__(self, descriptor: int):
        self.descriptor = descriptor
        self.owner = os.getpid()

    def __call__(self, done: int, total: int, note: str) -> None:
        """Reports progress; returns when it was heard, in a worker at once."""
        waits = os.getpid() == self.owner
        self.send(progress=(done, total, note), waits=waits)
        if not waits:
            return
        answer = sys.stdin.readline()
        if not answer:
            raise EOFError("the process that started this one is gone")
        if answer.strip() == STOP:
            ask_to_stop()

    def send(self, **message: Any) -> None:
        # One write: those of several processes, shorter than a pipe's buffer, do not mix.
        os.write(self.descriptor, (json.dumps(message) + "\n").encode())


def main() -> None:
    die_with_parent()
    # Every worker that v1 forks too: it would otherwise wait for work for ever.
    os.register_at_fork(after_in_child=die_with_parent)
    set_start_method("fork")
    answers = Answers(os.dup(1))
    # All that v1 prints, of the workers too, goes where errors go: into the log.
    os.dup2(2, 1)
    workers = _Workers()
    workers.follow()
    threading.Thread(target=_watch, args=(workers, answers), daemon=True).start()
    try:
        module, _, function = sys.argv[1].partition(":")
        result = getattr(import_module(module), function)(report=answers, **json.loads(sys.stdin.readline()))
        answers.send(result=result)
    except FailedCasesError as error:
        answers.send(failed=error.cases)
        _leave()
    except StoppedError as error:
        answers.send(stopped=str(error))
        _leave()
    except BaseException as error:
        traceback.print_exc()
        # What v1 raises where a worker was killed does not say so.
        _fail(answers, workers.killed() or _mendable(error), f"{type(error).__name__}: {error}")


class _Workers:
    """The worker processes of which it is not known that they ended well."""

    def __init__(self) -> None:
        self.started: set[BaseProcess] = set()

    def follow(self) -> None:
        """Notes every worker from now on as it starts. Looking for them now and then would miss those that a pool has
        buried before.
        """
        start = BaseProcess.start

        def noted_start(worker: BaseProcess) -> None:
            start(worker)
            self.started.add(worker)

        BaseProcess.start = noted_start  # type: ignore[assignment, method-assign]

    def killed(self) -> str | None:
        """What to tell the user if one was killed, other than by SIGTERM, with which pools end theirs."""
        # No lock, for a worker that is forked meanwhile would inherit it closed; each step on the set is indivisible.
        for worker in tuple(self.started):
            code = worker.exitcode
            if code is not None and code < 0 and code != -signal.SIGTERM:
                return f"A worker of nnU-Net v1 {KILLED.format(signal=-code)}."
            if code is not None:
                self.started.discard(worker)
        return None


def _watch(workers: _Workers, answers: Answers) -> None:
    """Ends this process when a worker of it was killed: v1 would wait for that worker's result for ever."""
    while True:
        sleep(_WATCH_EVERY_S)
        killed = workers.killed()
        if killed is not None:
            _fail(answers, killed, killed)


def _mendable(error: BaseException) -> str | None:
    known = as_method_error(error)
    return str(known) if known is not None else None


def _fail(answers: Answers, mendable: str | None, error: str) -> NoReturn:
    answers.send(**({"mendable": mendable} if mendable else {"error": error}))
    _leave()


def _leave() -> NoReturn:
    sys.stderr.flush()
    # v1 leaves its pools open when it fails, and a normal exit would wait for them.
    os._exit(1)


if __name__ == "__main__":
    main()
