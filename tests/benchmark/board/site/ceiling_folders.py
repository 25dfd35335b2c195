"""Folders of ceilings as `mswal-bench ceiling --out` writes them, made of the counts of a record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.ceilings.ceiling_record import CEILING_FILE, ROWS
from mswal_bench.benchmark.ceilings.lost_lesions import LostLesion, write_lost_lesions
from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring.scores import scores_of
from mswal_bench.metrics.case import score_case

from .board_results import digest


def add_ceilings(
    folder: Path, spacings: Mapping[str, Sequence[str]], *, reference: str = "labels", **changed: Any
) -> dict[str, Any]:
    """Writes ceilings of one case with a kidney tumor of which all or half comes back, by spacing; gives what
    `ceiling.json` has."""
    import numpy as np

    labels = np.zeros((4, 8, 8), np.uint8)
    labels[1:3, 2:6, 2:6] = 4
    half = labels.copy()
    half[2] = 0
    names = [name for of_grid in spacings.values() for name in of_grid]
    of_case = {
        name: score_case(
            labels, labels if number == 0 else half, (1.0, 1.0, 1.0), MSWAL_1.class_ids, match_iou=MSWAL_1.match_iou
        )
        for number, of_grid in enumerate(spacings.values())
        for name in of_grid
    }
    scores_of(MSWAL_1, {name: {"CASE_0000": score} for name, score in of_case.items()}).save(folder)
    lost = {name: (LostLesion("CASE_0000", "kidney_tumor", 1, "gone", 0.0, 5.7, 32.0, 32),) for name in names[-1:]}
    write_lost_lesions(folder / "lost_lesions.csv", lost)
    content = {
        "version": "0.2.0",
        "protocol": MSWAL_1.id,
        "track": "public-cv",
        "cases": 1,
        "training_cases": 1,
        "reference_digest": digest(reference),
        "grids": [
            {
                "spacing_mm": [float(side) for side in spacing.split(" x ")],
                "nnunet_version": 2,
                "methods": [{"name": name, "method": name, "planned": "paper"} for name in of_grid],
            }
            for spacing, of_grid in spacings.items()
        ],
        "files": {name: file_digest(folder / name) for name in ROWS},
        **changed,
    }
    (folder / CEILING_FILE).write_text(json.dumps(content))
    return content
