"""Does one part in a process of its own, which ends in time and leaves no process behind.

    python -m mswal_bench.tests.gpu.part_process WORK FOLDER DEVICE SIZE ARGUMENTS RESULT

is that process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from .bounds import BoundError
from .parts import Outcome, Part, is_there
from .setting import Setting

_HERE = "mswal_bench.tests.gpu"
_LONGEST = 400
_IN_TIME_S = 5.0
"""With less than this left of the whole time no part begins."""


def do_part(part: Part, setting: Setting, left_s: float, earlier: Mapping[str, str]) -> Outcome:
    """Does a part within its time and within `left_s`; `earlier` has the states of the parts before, by name."""
    state, why = _obstacle(part, left_s, earlier)
    if state:
        return Outcome(part, state, sentence=why)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        in_time = _run(part, setting, result, min(part.limit_s, left_s))
        wall_s = time.monotonic() - began
        found = json.loads(result.read_text()) if result.exists() else {}
    if "numbers" in found:
        return _checked(part, found["numbers"], wall_s)
    if in_time:
        why = found.get("failed", "its process ended without an answer, most often for lack of memory")
        return Outcome(part, "failed", sentence=why, wall_s=wall_s)
    if left_s < part.limit_s:
        return Outcome(part, "not reached", sentence="the whole time was over before it was done", wall_s=wall_s)
    return Outcome(part, "failed", sentence=f"took longer than its {part.limit_s:.0f} s", wall_s=wall_s)


def _obstacle(part: Part, left_s: float, earlier: Mapping[str, str]) -> tuple[str, str]:
    """The state and the reason of a part that cannot begin; empty where it can."""
    if not is_there(part.package):
        return "left out", f"the package {part.package} is not installed"
    for needed in part.needs:
        if earlier.get(needed) != "done":
            state = "not reached" if earlier.get(needed) == "not reached" else "failed"
            return state, f"it needs the part {needed!r}, whose state is {earlier.get(needed)!r}"
    return ("not reached", "no time was left") if left_s < _IN_TIME_S else ("", "")


def _checked(part: Part, numbers: Mapping[str, Any], wall_s: float) -> Outcome:
    try:
        if part.check is not None:
            part.check(numbers)
    except BoundError as error:
        return Outcome(part, "failed", numbers, str(error), wall_s)
    return Outcome(part, "done", numbers, wall_s=wall_s)


def _run(part: Part, setting: Setting, result: Path, limit_s: float) -> bool:
    """Whether it ended in time."""
    size = "small" if setting.small else "full"
    request = [part.work, str(setting.folder), setting.device, size, json.dumps(part.arguments), str(result)]
    command = [sys.executable, "-m", f"{_HERE}.part_process", *request]
    # A group of its own, so that all of it can be ended.
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return False
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return True


def main() -> None:
    work, folder, device, size, arguments, result = sys.argv[1:]
    setting = Setting(Path(folder), device, size == "small")
    module, _, function = work.partition(":")
    # Libraries print: what they print is no part of a page that goes to stdout.
    os.dup2(2, 1)
    try:
        numbers = getattr(import_module(f"{_HERE}.{module}"), function)(setting, **json.loads(arguments))
        answer = {"numbers": numbers}
    except Exception as error:
        traceback.print_exc()
        answer = {"failed": f"{type(error).__name__}: {error}"[:_LONGEST]}
    partial = Path(result).with_suffix(".partial")
    partial.write_text(json.dumps(answer))
    partial.replace(result)


if __name__ == "__main__":
    main()
