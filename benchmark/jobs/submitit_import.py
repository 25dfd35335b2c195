"""Imports submitit without closing the logs of the program that does it."""

from __future__ import annotations

import importlib
import os
from typing import Any

_LOG_LEVEL = "SUBMITIT_LOG_LEVEL"


def submitit_module(name: str) -> Any:
    """Imports and returns the module `submitit.helpers`, say.

    As it is imported, submitit configures logging, and Python then closes every handler that there is: a log file gets
    no more lines, and absl's handler closes the stderr that it began with. A variable of the environment keeps it from
    that. The variable is put back afterwards, so that jobs do not inherit it: they want submitit's log.
    """
    before = os.environ.get(_LOG_LEVEL)
    os.environ[_LOG_LEVEL] = "NOCONFIG"
    try:
        return importlib.import_module(name)
    finally:
        if before is None:
            del os.environ[_LOG_LEVEL]
        else:
            os.environ[_LOG_LEVEL] = before
