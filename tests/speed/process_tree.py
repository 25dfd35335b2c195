"""Runs a command and watches how much memory it and all processes that it starts hold together.

Memory is the proportional set (PSS): a page that several processes share counts once, in parts.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

_EVERY_S = 0.1


@dataclass(frozen=True)
class Held:
    """What a process and its descendants held at a moment."""

    at_s: float
    """Of `time.monotonic`, which all processes of a machine share."""
    bytes: int
    processes: int


@dataclass(frozen=True)
class Watched:
    """A command that ended."""

    status: int
    stdout: str
    stderr: str
    held: Sequence[Held]

    def most(self, began_s: float, ended_s: float) -> tuple[float, int]:
        """MiB and processes at most between two moments; 0 and 0 where nothing was seen between them."""
        inside = [held for held in self.held if began_s <= held.at_s <= ended_s]
        return max((held.bytes for held in inside), default=0) / 2**20, max((h.processes for h in inside), default=0)


def watch(command: Sequence[str], environment: Mapping[str, str]) -> Watched:
    """Looks ten times a second, so that a shorter peak can be missed."""
    # Files, not pipes: nobody reads while the command runs.
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        held: list[Held] = []
        with subprocess.Popen(command, stdout=stdout, stderr=stderr, env=environment) as process:
            while True:
                try:
                    status = process.wait(_EVERY_S)
                    break
                except subprocess.TimeoutExpired:
                    held.append(_held(process.pid))
        stdout.seek(0)
        stderr.seek(0)
        return Watched(status, stdout.read(), stderr.read(), held)


def _held(pid: int) -> Held:
    try:
        first = psutil.Process(pid)
        tree = [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        tree = []
    parts = []
    for process in tree:
        try:
            parts.append(process.memory_full_info().pss)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            # It ended since it was listed.
            continue
    return Held(time.monotonic(), sum(parts), len(parts))
