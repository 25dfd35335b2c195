"""Lays out what stands below the table of ceilings: the grids, and the lesions that are lost on each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from mswal_bench.baselines.label_grid import LabelGrid
from mswal_bench.benchmark.tables.notebook import plain_view
from mswal_bench.benchmark.tables.view import TableView

from .ceilings import Ceilings
from .lost_lesions import FATES

_MOST = 20
"""Lesions of a grid that are shown; the file has all."""
_HEADS = ("Lesion", "Case", "Diameter, mm", "Volume, mm3", "Fate")


def methods_by_grid(ceilings: Ceilings) -> dict[LabelGrid, list[str]]:
    """The methods of each grid, which have one and the same ceiling."""
    found: dict[LabelGrid, list[str]] = {}
    for name, grid in ceilings.grids.items():
        found.setdefault(grid, []).append(name)
    return found


def lost_views(ceilings: Ceilings) -> Iterator[TableView]:
    """For each grid the lesions that are lost there, the largest first; without rows where none is."""
    names = {lesion.key: lesion.name for lesion in ceilings.scores.lesion_classes}
    for grid, methods in methods_by_grid(ceilings).items():
        lost = ceilings.lost[methods[0]]
        every = sum(score.tp + score.fn for score in ceilings.scores[methods[0]].values())
        notes = [f"{', '.join(methods)}: voxels of {grid}.", lost_said(Counter(one.fate for one in lost), every)]
        if len(lost) > _MOST:
            notes.append(f"Shown are the {_MOST} of the longest axial diameter.")
        rows = [
            (names[one.class_key], one.case, f"{one.diameter_mm:.1f}", f"{one.volume_mm3:,.0f}", one.fate)
            for one in lost[:_MOST]
        ]
        yield plain_view(_HEADS, rows, notes, words=True)


def explanations() -> list[str]:
    """Sentences that say what the ceiling is and what a fate means."""
    return [
        "The ceiling: what a network reaches that gives every voxel of its grid the label that it is trained with, and "
        "is certain of it. One that draws its logits finer than its voxels can gain a little DSC; a lesion that is "
        "never seen, it cannot learn.",
        *(f"{fate.capitalize()}: {what}." for fate, what in FATES.items()),
    ]


def lost_said(counts: Mapping[Any, int], every: int) -> str:
    """How many of the lesions are lost; `counts` are by fate."""
    lost = sum(counts.values())
    if not lost:
        return f"None of {every} lesions is lost."
    told = ", ".join(f"{counts[fate]} {fate}" for fate in FATES if counts.get(fate))
    return f"{lost} of {every} lesions {'is' if lost == 1 else 'are'} lost: {told}."
