"""Lists the lesions that a network's grid loses, on the way there or on the way back."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from mswal_bench.benchmark.scoring.cases_csv import fraction_cell, write_csv

from .returned_case import Returned

LOST_FILE: Final = "lost_lesions.csv"
Fate = Literal["never seen", "gone", "too little"]
FATES: Final[Mapping[Fate, str]] = {
    "never seen": "no voxel of the network's grid has its label, so that nothing can be learned from it",
    "gone": "the network's grid has it, and no voxel of it comes back",
    "too little": "what comes back has an IoU below the protocol's, and so does not count as found",
}
COLUMNS: Final = ("method", "case", "class", "lesion", "fate", "iou", "diameter_mm", "volume_mm3", "voxels")


@dataclass(frozen=True, slots=True)
class LostLesion:
    """A lesion of a label map that is not among the matched ones of what comes back."""

    case: str
    class_key: str
    lesion_id: int
    """As in `lesions.csv`, on the side of the reference."""
    fate: Fate
    iou: float
    diameter_mm: float
    volume_mm3: float
    voxels: int


def lost_lesions(cases: Mapping[str, Returned], keys: Mapping[int, str]) -> tuple[LostLesion, ...]:
    """The lesions that are lost, by descending diameter; `keys` are those of the classes by id."""
    found = []
    for case, returned in cases.items():
        references = (lesion for lesion in returned.score.lesions if lesion.side == "reference")
        for lesion, is_seen in zip(references, returned.is_seen, strict=True):
            if lesion.status == "TP" and is_seen:
                continue
            fate: Fate = "never seen" if not is_seen else "gone" if lesion.iou == 0 else "too little"
            found.append(
                LostLesion(
                    case,
                    keys[lesion.class_id],
                    lesion.lesion_id,
                    fate,
                    lesion.iou,
                    lesion.diameter_mm,
                    lesion.volume_mm3,
                    lesion.voxels,
                )
            )
    return tuple(sorted(found, key=lambda one: (-one.diameter_mm, one.case, one.class_key, one.lesion_id)))


def write_lost_lesions(path: Path, lost: Mapping[str, Iterable[LostLesion]]) -> None:
    """Writes `lost_lesions.csv`, a row a method and lesion, whole or not at all. Raises OSError."""
    rows = (
        (*names, fraction_cell(iou), f"{diameter_mm:.3f}", f"{volume_mm3:.3f}", voxels)
        for *names, iou, diameter_mm, volume_mm3, voxels in lost_rows(lost)
    )
    write_csv(path, COLUMNS, rows)


def lost_fates(path: Path, method: str) -> Counter[str]:
    """How often lesions have each fate on the grid of a method, of a `lost_lesions.csv`. Raises OSError."""
    with path.open(encoding="utf-8", newline="") as file:
        return Counter(row.get("fate") or "" for row in csv.DictReader(file) if row.get("method") == method)


def lost_rows(lost: Mapping[str, Iterable[LostLesion]]) -> Iterator[tuple[Any, ...]]:
    """A row a method and lesion, in the order of `COLUMNS`."""
    for method, of_method in lost.items():
        for one in of_method:
            yield method, *astuple(one)
