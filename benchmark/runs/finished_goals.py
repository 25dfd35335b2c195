"""Finds the records of the goals that a run has reached. It imports nothing that takes long."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mswal_bench.benchmark.core.litter import is_seen_below

RECORD_FILE: Final = "record.json"
"""The name of a record: that of a finished goal, and that of an evaluated submission in its own folder."""


def finished_goals(work: Path) -> list[Path]:
    """The records in the folders of the goals that the run in `work` has reached, by path; none where it has none."""
    return sorted(path for path in work.glob(f"*/{RECORD_FILE}") if is_seen_below(path, work))
