"""Parts that go wrong, each in a way of its own, for the test of what is made of them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from .setting import Setting


def answers(setting: Setting, number: int) -> dict[str, Any]:
    print("no part of the answer")
    return {"number": number, "device": setting.device}


def raises(setting: Setting) -> dict[str, Any]:
    raise ValueError("of no use")


def dies(setting: Setting) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def sleeps(setting: Setting) -> dict[str, Any]:
    """With a child that sleeps too, whose id it writes down."""
    child = subprocess.Popen(["sleep", "100"])
    Path(setting.folder, "child").write_text(str(child.pid))
    time.sleep(100)
    return {}
