"""Kills a command at its steps, calls it again, and compares what is there with what an undisturbed call leaves.

    python -m mswal_bench.tests.benchmark.cli.killed_at_steps START WORK MOST ARGUMENT...

START is a folder as it is before, in a copy of which the command runs with the arguments; WORK is for the copies, MOST
the number of steps at which it is killed, spread over all of them. A step is what changes a folder or locks a file.
Prints a line a fault, and how many steps there are. All calls are forks of this process, so that none starts Python.
"""

from __future__ import annotations

import builtins
import fcntl
import importlib
import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.cli.main import main

_STEPS = ("open", "mkdir", "link", "symlink", "rename", "replace", "unlink", "remove", "rmdir", "fsync")
# The folder of originals is a promise, not litter.
_KEPT = {".before-fix"}
# The times that are told differ, and the digest of a record that tells one.
_TIME = re.compile(rb'("(?:created_at|when|time|digest)": ?)"[^"]*"')


def _count(kill_at: int | None, count: list[int]) -> None:
    """Has every step counted, and the process killed just before the step `kill_at`."""

    def stepping(call: Callable[..., Any], is_step: Callable[..., bool]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            if is_step(*arguments, **options):
                count[0] += 1
                if count[0] == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return step

    def makes(path: object, flags: int, *_: object, **__: object) -> bool:
        return bool(flags & os.O_CREAT)

    def writes(path: object, mode: str = "r", *_: object, **__: object) -> bool:
        return not isinstance(path, int) and mode[0] in "wax"

    for name in _STEPS:
        setattr(os, name, stepping(getattr(os, name), makes if name == "open" else lambda *_, **__: True))
    opening = stepping(io.open, writes)
    for module in (io, builtins):
        vars(module)["open"] = opening
    vars(fcntl)["flock"] = stepping(fcntl.flock, lambda *_: True)


def _called(folder: Path, arguments: list[str], told: Path, kill_at: int | None = None) -> int:
    """Its exit status; -9 where it was killed. `told` gets what it printed, the number of steps and the modules."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status, count = 99, [0]
    try:
        os.chdir(folder)
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder / "tmp")
        output = os.open(told.with_suffix(".out"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        _count(kill_at, count)
        main(arguments)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        steps = count[0]
        told.write_text(json.dumps([steps, [*sys.modules]]))
        os._exit(status)


def _tree(folder: Path) -> dict[str, bytes | str]:
    content: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            content[name] = str(path.readlink())
        elif path.is_dir():
            content[name] = "a folder"
        else:
            # Arrays are kept in an archive, which holds the time.
            content[name] = "arrays" if path.suffix == ".npz" else _TIME.sub(rb"\1", path.read_bytes())
    return content


def _hidden(tree: dict[str, bytes | str]) -> list[str]:
    return [name for name in tree if any(part[0] == "." for part in name.split("/") if part not in _KEPT)]


def faults(start: Path, work: Path, most: int, arguments: list[str]) -> tuple[list[str], int]:
    """What is wrong after the kills, and how many steps the command has."""
    told = work / "told.json"

    def copy(name: str) -> Path:
        folder = Path(shutil.copytree(start, work / name, symlinks=True))
        (folder / "tmp").mkdir(exist_ok=True)
        return folder

    undisturbed = copy("undisturbed")
    code = _called(undisturbed, arguments, told)
    steps, modules = json.loads(told.read_text())
    expected = _tree(undisturbed)
    found = [f"undisturbed: exit status {code}, {name}" for name in _hidden(expected)]
    if code:
        found.append(f"undisturbed: exit status {code}: {told.with_suffix('.out').read_text()}")
    # What each fork would import is imported here.
    for module in modules:
        if module not in sys.modules and module != "__main__":
            with suppress(ImportError):
                importlib.import_module(module)
    points = min(most, steps)
    chosen = sorted({1 + round(number * (steps - 1) / max(1, points - 1)) for number in range(points)})
    for kill_at in chosen:
        folder = copy(f"killed-{kill_at}")
        killed = _called(folder, arguments, told, kill_at)
        before = told.read_text()
        again = _called(folder, arguments, told)
        tree = _tree(folder)
        differing = sorted(name for name in {*tree, *expected} if tree.get(name) != expected.get(name))
        # Without what only the first call does, a cache of fonts say, there are fewer steps.
        reached = killed == -signal.SIGKILL or json.loads(before)[0] < kill_at
        if not reached or again or differing:
            output = told.with_suffix(".out").read_text()
            found.append(f"killed at {kill_at} ({killed}), then exit status {again}: {differing} differ; {output}")
        shutil.rmtree(folder)
    return found, steps


if __name__ == "__main__":
    all_faults, all_steps = faults(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
    print(json.dumps({"faults": all_faults, "steps": all_steps}))
