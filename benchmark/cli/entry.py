"""Starts `mswal-bench` so that Ctrl-C is quiet from the first moment: no traceback, exit status 130.

Imports nothing but what Python has imported anyway. Importing the commands takes a fifth of a second, and the packages
that a command needs take seconds; both happen with the handler below at work.
"""

from __future__ import annotations

import _thread
import signal
import sys
import time

from . import STOPPED

# As typing has it, whose import would be the first half of the wait.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def run() -> None:
    """Runs the command line, as the console script does. Raises SystemExit."""
    heard = False

    def hear(number: int, frame: object) -> None:
        nonlocal heard
        heard = True
        raise KeyboardInterrupt

    # In the background of a shell without job control it is ignored, and stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, hear)
        sys.unraisablehook = _said_again_to(_thread.get_ident())
    try:
        from .main import main

        main()
    except SystemExit as end:
        if heard and end.code not in (None, 0):
            end.code = STOPPED
        raise
    except BaseException:
        # A package that is interrupted while it is imported may raise something else, an ImportError say.
        if not heard:
            raise
        sys.exit(STOPPED)
    finally:
        if heard:
            # Once more while Python puts itself away: at once, without a word.
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _said_again_to(thread: int) -> Callable[[sys.UnraisableHookArgs], None]:
    """An interrupt that came where nothing can be raised, in a callback of the import system say, is not lost."""

    def again() -> None:
        time.sleep(0.01)
        signal.pthread_kill(thread, signal.SIGINT)

    def hook(lost: sys.UnraisableHookArgs) -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            # By another thread and a moment later: here nothing can be raised either.
            _thread.start_new_thread(again, ())
        else:
            sys.__unraisablehook__(lost)

    return hook
