"""Runs lines of Python in an interpreter of its own, as typed at its prompt, and gives what each prints."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_LOOP = """
import contextlib, io, json, sys, traceback
answers = sys.stdout
names = {"__name__": "__main__"}
for line in sys.stdin:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            exec(compile(json.loads(line) + "\\n", "<stdin>", "single"), names)
        except BaseException as error:
            # As doctest has it: the line alone that says what was wrong.
            printed.write(traceback.format_exception_only(error)[-1])
    print(json.dumps(printed.getvalue()), file=answers, flush=True)
"""


class PythonSession:
    """An interpreter that keeps its names from one statement to the next."""

    def __init__(self, folder: Path, environment: Mapping[str, str]):
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LOOP],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, statement: str) -> str:
        """What one statement prints; of an exception its last line. Raises ValueError where Python has ended."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ValueError("the interpreter has no input")
        self._process.stdin.write(json.dumps(statement) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise ValueError(f"Python ended at: {statement}")
        return str(json.loads(answer))

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()
