"""Does one stage of a longer work in a process of its own, which this process starts, hears and ends."""

from __future__ import annotations

import pickle
import signal
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .processes import deaf_to_interrupts, die_with_parent, script_left_alone

_GRACE_S = 10.0
Stage = Callable[..., None]
"""Called in the process with its end of a connection and what was given for it; a function of a module, by its name."""


class LostProcessError(Exception):
    """A process of ours ended before its work was done: killed, most often for lack of memory."""


@dataclass(frozen=True)
class _Failure:
    error: Exception


class StageProcess:
    """A process at work on a stage, as its parent sees it. Use it in a `with`: the process ends when that is left.

    It also ends when this process ends, however that is.
    """

    def __init__(self, name: str, log: Path, stage: Stage, *given: Any) -> None:
        """Starts the process. `log` takes what it prints; `name` is what it does: `prepares images`."""
        self._name = name
        # spawn: a fork of a process that has threads can hang, and one that has used CUDA cannot use it again.
        context = get_context("spawn")
        self.connection, end = context.Pipe()
        self._process = context.Process(target=_work, args=(end, log, stage, given), name=name)
        with deaf_to_interrupts(), script_left_alone():
            self._process.start()
        # Else the connection would never be told that the process has ended.
        end.close()

    def __enter__(self) -> StageProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join(_GRACE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        # The connection is closed when nobody holds it: a thread may still be about to send.

    def send(self, message: object) -> None:
        """Sends to the process. Raises LostProcessError when it was killed."""
        try:
            self.connection.send(message)
        except OSError:
            raise self._ended() from None

    def receive(self) -> Any:
        """What the process sends next. Raises what the stage raised, and LostProcessError when the process
        was killed."""
        try:
            message = self.connection.recv()
        except (EOFError, ConnectionResetError):
            raise self._ended() from None
        if isinstance(message, _Failure):
            raise message.error
        return message

    def receive_into(self, array: NDArray[Any]) -> None:
        """Fills an array with what the process sends with `send_array`. Raises LostProcessError when it was
        killed."""
        try:
            receive_into(self.connection, array)
        except (EOFError, ConnectionResetError):
            raise self._ended() from None

    def raise_if_failed(self) -> None:
        """Raises as `receive` does, if the stage has failed by now; it must send nothing else."""
        if self.connection.poll():
            self.receive()

    def _ended(self) -> LostProcessError:
        self._process.join(_GRACE_S)
        return LostProcessError(f"the process that {self._name} {how_ended(self._process.exitcode)}")


def _work(connection: Connection[Any, Any], log: Path, stage: Stage, given: tuple[Any, ...]) -> None:
    die_with_parent()
    # Ctrl-C reaches the whole group of processes; the parent ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with log.open("a", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
        try:
            stage(connection, *given)
        except Exception as error:
            # The parent may have ended what it listened to.
            with suppress(OSError):
                connection.send(_Failure(fit_to_send(error)))


def send_array(connection: Connection[Any, Any], array: NDArray[Any]) -> None:
    """Sends the values of an array. Send a large one in parts: a connection holds what it is sent twice."""
    connection.send_bytes(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def receive_into(connection: Connection[Any, Any], array: NDArray[Any]) -> bool:
    """Fills an array, contiguous and of the shape and type that was sent; False when an empty message came."""
    return bool(connection.recv_bytes_into(array.reshape(-1).view(np.uint8).data))


def fit_to_send(error: Exception) -> Exception:
    """The error with a note of where it was raised; one that cannot be sent to another process becomes its text."""
    text = "".join(traceback.format_exception(error))
    with suppress(Exception):
        sent = pickle.loads(pickle.dumps(error))
        if isinstance(sent, type(error)):
            error.add_note(f"There:\n{text}")
            return error
    return RuntimeError(text)


def how_ended(code: int | None) -> str:
    """In words, by the exit status of a process that should have gone on."""
    if code is None or code >= 0:
        return f"ended before its work was done (exit status {code})"
    with suppress(ValueError):
        return f"was ended from outside ({signal.Signals(-code).name}), most often for lack of memory"
    return f"was ended from outside (signal {-code}), most often for lack of memory"
