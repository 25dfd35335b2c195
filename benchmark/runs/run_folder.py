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
from ..files import PARTIAL, write_text
from .run_record import RunIdentity, RunState, now

_LOCK = ".lock"
_OWNER = ".owner.json"


class RunFolder:
    """`root/run.json` is the state; `root/fold-SELECTION/` holds what a selection of folds gave."""

    def __init__(self, root: Path):
        self.root = root

    def outcome(self, selection: str) -> Path:
        """Predictions, scores and record of a fold selection (`0` to `4`, or `all`)."""
        return self.root / f"fold-{selection}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the folder, which is made, for this process. A killed process lets go.

        Raises BenchError when another process holds it, or when it is not that of a run.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BenchError(Problem(f"the work folder cannot be made ({error.strerror})", str(self.root))) from error
        owner = self.root / _OWNER
        lock = FileLock(self.root / _LOCK, timeout=0)
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
            self._refuse_foreign()
            since = f"{now():%F %T} UTC"
            write_text(owner, json.dumps({"pid": os.getpid(), "host": platform.node(), "since": since}))
            yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()

    def open_state(self, identity: RunIdentity) -> RunState:
        """The state so far, or a new one. Raises BenchError when the folder belongs to another run."""
        if not self._state.exists():
            return RunState(identity=identity)
        try:
            state = RunState.model_validate_json(self._state.read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            what = "is not the state of a run, or that of another version of this program"
            raise BenchError(Problem(what, str(self._state), mend="Use another --work folder.")) from error
        before, asked = state.identity.model_dump(), identity.model_dump()
        problems = [
            Problem(
                f"this work folder belongs to a run with another {name.replace('_', ' ')}",
                str(self.root),
                str(before[name]),
                str(asked[name]),
                "Use another --work folder.",
            )
            for name in asked
            if before[name] != asked[name]
        ]
        if problems:
            raise BenchError(*problems)
        return state

    def keep(self, state: RunState) -> None:
        """Writes the state."""
        write_text(self._state, state.model_dump_json(indent=2) + "\n")

    @property
    def _state(self) -> Path:
        return self.root / "run.json"

    def _refuse_foreign(self) -> None:
        """A folder without a state must be empty, but for what a run that was killed at once has left."""
        if self._state.exists():
            return
        for entry in self.root.iterdir():
            if entry.name.startswith(PARTIAL):
                entry.unlink()
            elif entry.name not in (_LOCK, _OWNER):
                raise BenchError(
                    Problem(
                        "the work folder is not empty and is not that of a run",
                        str(self.root),
                        found=entry.name,
                        mend="Give an empty or a new folder.",
                    )
                )


def _describe_owner(path: Path) -> str:
    try:
        owner = json.loads(path.read_text(encoding="utf-8"))
        return f"process {owner['pid']} on {owner['host']} since {owner['since']}"
    except (OSError, ValueError, KeyError):
        return "a process that has just begun"
