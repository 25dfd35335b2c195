"""Says before nnU-Net v1 begins how much memory each case will take. Needs no torch and no v1."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from mswal_bench.baselines.preparation_memory_estimates import bytes_to_read_v1, bytes_to_resample
from mswal_bench.baselines.stored_cases import planned_spacing_mm, stored_cases


def bytes_to_prepare(raw: Path, cases: Iterable[str]) -> dict[str, float]:
    """By case of the data set in `raw`, what a process of v1 takes that prepares it."""
    ending = json.loads((raw / "dataset.json").read_text(encoding="utf-8"))["file_ending"]
    stored = stored_cases(raw, ending, cases)
    if not stored:
        return {}
    target = planned_spacing_mm(stored)
    return {case.name: max(bytes_to_read_v1(case), bytes_to_resample(case, target)) for case in stored}
