"""Keeps whether this process was asked to stop, so that long work ends where nothing is lost. Needs no torch."""

from __future__ import annotations

import signal


class StoppedError(Exception):
    """The training stopped because it was asked to; its checkpoint has all that was done. Of a prediction: every label
    map is whole or not there. It is no failure: the same call goes on."""


STOPPED_AS_ASKED = 75
"""The exit status of a command that stopped because it was asked to: sysexits' "try again later"."""

# No threading.Event: it has a lock, and a signal that comes while the one before is handled would wait for it for ever.
_asked = False


def ask_to_stop() -> None:
    """Has the training of this process stop after its epoch, a prediction after a case; from any thread.

    Holds for all that this process does from now on.
    """
    global _asked  # noqa: PLW0603
    _asked = True


def stop_is_asked() -> bool:
    return _asked


def listen_for_stop() -> None:
    """Has SIGUSR1 ask this process to stop, which would end it otherwise. Raises ValueError outside the main thread."""
    signal.signal(signal.SIGUSR1, lambda number, frame: ask_to_stop())
