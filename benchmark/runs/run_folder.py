"""Keeps a run's work folder: its state, and who works on what in it. Several calls may, on different folds."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from mswal_bench.benchmark.core.claims import PARTIAL
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.litter import is_litter
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import write_text

from .run_record import RunIdentity, RunState, now

STATE_FILE = "run.json"
CHECKED_FILE = "checked.json"
"""What was read before a run began, and is not read again while it stays as it is."""
_LOCK = ".lock"
_OWNER = ".owner"
_MENDS = {
    "settings_digest": "The method sets something else than then. Use another --work folder, or the version of "
    "mswal-bench that began the run."
}


class Owner(BaseModel):
    """A process at work in a run folder."""

    model_config = ConfigDict(frozen=True)

    pid: int
    host: str
    since: datetime

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since:%F %T} UTC"


class RunFolder:
    """`root/run.json` is the state; a folder beside it holds what each goal gave."""

    def __init__(self, root: Path):
        self.root = root

    @property
    def is_begun(self) -> bool:
        """Whether the folder is that of a run."""
        return self._state.exists()

    def refuse_another(self, identity: RunIdentity) -> None:
        """Raises BenchError where `open` would, but for a folder that cannot be made, and writes nothing."""
        if self.is_begun:
            self._compare(identity)
        else:
            refuse_foreign(self.root, "a run", is_of_checks)

    def open(self, identity: RunIdentity) -> None:
        """Makes the folder, or finds it to be of this very run.

        Raises BenchError when it cannot be made, is not that of a run, or belongs to another run.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with self._state_lock():
                if not self.is_begun:
                    self._take()
                    self._write(RunState(identity=identity))
                else:
                    self._compare(identity)
        except OSError as error:
            raise BenchError(Problem(f"the work folder cannot be made ({error.strerror})", str(self.root))) from error

    def state(self) -> RunState:
        """The state as it is now. Raises BenchError when there is none, or none that can be read."""
        try:
            return RunState.model_validate_json(read_bytes(self._state))
        except (OSError, ValidationError) as error:
            what = "is not the state of a run, or that of another version of this program"
            raise BenchError(Problem(what, str(self._state), mend="Use another --work folder.")) from error

    @contextmanager
    def changing(self) -> Iterator[RunState]:
        """Gives the state as it is now to be changed, and writes it. Other calls that want to change it wait."""
        with self._state_lock():
            state = self.state()
            yield state
            self._write(state)

    @contextmanager
    def holding(self, parts: Sequence[str], *, patience_s: float = 0.5) -> Iterator[None]:
        """Holds parts of the work, `fold 0` say, for this process. A killed process lets go.

        It waits `patience_s` for each: who asks for the `owners` takes every lock for a moment.

        Raises BenchError when another process, on this machine or one that shares the folder, holds one of them.
        """
        with ExitStack() as held:
            for part in parts:
                lock, owner = self._lock(part), self._owner(part)
                try:
                    lock.acquire(timeout=patience_s)
                except Timeout:
                    raise BenchError(
                        Problem(
                            f"another run is at work on {part} in this work folder",
                            str(self.root),
                            found=str(_read_owner(owner) or "a process that has just begun"),
                            mend="Wait for it to end, ask for another --fold, or give this run another --work folder.",
                        )
                    ) from None
                held.callback(lock.release)
                # On a full disk nobody is told who; the lock holds.
                with suppress(OSError):
                    write_text(owner, Owner(pid=os.getpid(), host=platform.node(), since=now()).model_dump_json())
                held.callback(owner.unlink, missing_ok=True)
            yield

    @contextmanager
    def in_turn(self, part: str) -> Iterator[None]:
        """Holds a part of the work for this process, waiting for who holds it. `owners` does not tell of it."""
        with self._lock(part):
            yield

    def owners(self) -> list[Owner]:
        """The processes that are `holding` parts of the work now, the earliest first. A killed one is none of them."""
        found = set()
        for lock in self.root.glob(f"{_LOCK}-*"):
            owner = _read_owner(self._owner(lock.name.removeprefix(f"{_LOCK}-")))
            if owner is not None and _is_held(lock):
                found.add(owner)
        # One that holds several parts took one after the other.
        first = {(owner.pid, owner.host): owner for owner in sorted(found, key=lambda owner: owner.since, reverse=True)}
        return sorted(first.values(), key=lambda owner: owner.since)

    @property
    def _state(self) -> Path:
        return self.root / STATE_FILE

    def _write(self, state: RunState) -> None:
        write_text(self._state, state.model_dump_json(indent=2) + "\n")

    def _state_lock(self) -> FileLock:
        return FileLock(self.root / _LOCK)

    def _lock(self, part: str) -> FileLock:
        return FileLock(self.root / f"{_LOCK}-{part.replace(' ', '-')}")

    def _owner(self, part: str) -> Path:
        return self.root / f"{_OWNER}-{part.replace(' ', '-')}.json"

    def _take(self) -> None:
        """A folder without a state must be empty, but for what was checked before, or a run killed at once has left."""
        refuse_foreign(self.root, "a run", is_of_checks)
        for half_written in self.root.glob(f"{PARTIAL}*"):
            half_written.unlink()

    def _compare(self, identity: RunIdentity) -> None:
        before, asked = self.state().identity.model_dump(), identity.model_dump()
        problems = [
            Problem(
                f"this work folder belongs to a run with another {name.replace('_', ' ')}",
                str(self.root),
                str(before[name]),
                str(asked[name]),
                _MENDS.get(name, "Use another --work folder."),
            )
            for name in asked
            if before[name] != asked[name]
        ]
        if problems:
            raise BenchError(*problems)


def is_of_checks(name: str) -> bool:
    """Whether a file in a work folder is of the checks before a run: what was read, locks and who held them."""
    return name == CHECKED_FILE or name.startswith((_LOCK, _OWNER))


def refuse_foreign(work: Path, kind: str, own: Callable[[str], bool]) -> None:
    """Raises BenchError when anything is in the folder `work` but litter, half-written files and its `own` by name.

    `kind` is of whose work it is, for the sentence: `a run`. A folder that is not there is an empty one.
    """
    for entry in sorted(work.iterdir()) if work.is_dir() else ():
        half_written = entry.name.startswith(PARTIAL) and entry.is_file()
        if not (own(entry.name) or half_written or is_litter(entry.name)):
            what = f"the work folder is not empty and is not that of {kind}"
            raise BenchError(Problem(what, str(work), found=entry.name, mend="Give an empty or a new folder."))


def _read_owner(path: Path) -> Owner | None:
    """None where the process has only just taken the lock, or let go of it."""
    with suppress(OSError, ValidationError):
        return Owner.model_validate_json(read_bytes(path))
    return None


def _is_held(lock: Path) -> bool:
    import fcntl

    with suppress(FileNotFoundError), lock.open("rb") as file:
        try:
            # Shared: two that ask at the same time do not take each other for a run.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
