"""What submitit does to the program that imports it."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("submitit")

# In a process of its own, for a package is imported once.
_PROGRAM = """
import logging, os, sys
from mswal_bench.benchmark.jobs.submitit_import import submitit_module

logging.basicConfig(filename=sys.argv[1], filemode="w", format="%(message)s")
logging.warning("before")
submitit_module("submitit").SlurmExecutor
logging.warning("after")
print(os.environ.get("SUBMITIT_LOG_LEVEL"))
"""


@pytest.mark.parametrize(("level", "kept"), [(None, "None"), ("ERROR", "ERROR")])
def test_importing_it_leaves_a_log_open_and_the_environment_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str | None, kept: str
) -> None:
    monkeypatch.delenv("SUBMITIT_LOG_LEVEL", raising=False)
    if level is not None:
        monkeypatch.setenv("SUBMITIT_LOG_LEVEL", level)
    log = tmp_path / "log.txt"
    command = [sys.executable, "-c", _PROGRAM, str(log)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [kept]
    assert log.read_text().split() == ["before", "after"]
