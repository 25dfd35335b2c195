"""Writes what was measured as a section of `docs/batch-norm.md`."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import TYPE_CHECKING

from mswal_bench.tests.speed.page import table

if TYPE_CHECKING:
    from .measured import Counted

HEADING = "## What was measured"
LIMIT = 0.25
"""By how much voxels predicted in evaluation mode may differ from those in training mode."""


def section(counted: Sequence[Counted], epochs: int, command: str, machine: Sequence[str]) -> str:
    return ""


def missed(counted: Sequence[Counted]) -> list[int]:
    """The seeds of which the re-estimated statistics miss the limit."""
    return [each.seed for each in counted if abs(each.re_estimated_voxels / each.train_voxels - 1) > LIMIT]
