"""The work folder of a run: its lock, its state, and where things lie in it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from ..errors import BenchError, Problem
from ..files import write_text
from .run_record import RunIdentity, RunState, now


class RunFolder:
    """`root/run.json` is the state; `root/fold-SELECTION/` holds what a selection of folds gave."""

    def __init__(self, root: Path):
        self.root = root

    def outcome(self, selection: str) -> Path:
        """Predictions, scores and record of a fold selection (`0` to `4`, or `all`)."""
        return self.root / f"fold-{selection}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the folder for this process; raises BenchError when another has it. A killed process lets go."""
        self._make()
        owner = self.root / ".owner.json"
        lock = FileLock(self.root / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise BenchError(
                Problem(
                    "another run is using this work folder",
                    str(self.root),
                    found=_describe_owner(owner),
                    mend="Wait for it to end, or give this run a --work folder of its own.",
                )
            ) from None
        try:
            write_text(owner, json.dumps({"pid": os.getpid(), "host": platform.node(), "since": f"{now():%F %T} UTC"}))
            yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()

    def open_state(self, identity: RunIdentity) -> RunState:
        """The state so far, or a new one. Raises BenchError when the folder belongs to another run."""
        path = self._state
        if not path.exists():
            return RunState(identity=identity)
        try:
            state = RunState.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, ValidationError) as error:
            raise BenchError(
                Problem(f"cannot be read as the state of a run ({error})", str(path), mend="Use another --work folder.")
            ) from error
        before, asked = state.identity.model_dump(), identity.model_dump()
        different = [name for name in asked if before[name] != asked[name]]
        if different:
            raise BenchError(
                *(
                    Problem(
                        f"this work folder belongs to a run with another {name.replace('_', ' ')}",
                        str(self.root),
                        str(before[name]),
                        str(asked[name]),
                        "Use another --work folder.",
                    )
                    for name in different
                )
            )
        return state

    def keep(self, state: RunState) -> None:
        """Writes the state."""
        write_text(self._state, state.model_dump_json(indent=2) + "\n")

    @property
    def _state(self) -> Path:
        return self.root / "run.json"

    def _make(self) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BenchError(Problem(f"the work folder cannot be made ({error.strerror})", str(self.root))) from error
        if not self._state.exists() and any(entry.name not in _OWN_FILES for entry in self.root.iterdir()):
            raise BenchError(
                Problem(
                    "the work folder is not empty and is not that of a run",
                    str(self.root),
                    mend="Give an empty or a new folder.",
                )
            )


_OWN_FILES = {".lock", ".owner.json"}


def _describe_owner(path: Path) -> str:
    try:
        owner = json.loads(path.read_text(encoding="utf-8"))
        return f"process {owner['pid']} on {owner['host']} since {owner['since']}"
    except (OSError, ValueError, KeyError):
        return "a process that has just begun"
