"""Lets tasks be commands of the shell: what is done with a task does not depend on what it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Instead of `python -P -m mswal_bench COMMAND` the command alone.
STAND_IN = '#!/bin/sh\nshift 3\nexec "$@"\n'


@pytest.fixture
def tasks_of_shell(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in for Python that starts tasks."""
    stand_in = tmp_path_factory.mktemp("bin") / "python"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stand_in))
    return stand_in
