"""Asks seg-metrics: `write_metrics`, of arrays and of files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from . import situations as at


def answers() -> dict[str, str]:
    from seg_metrics.seg_metrics import write_metrics

    def of_arrays(pair: at.Pair, metric: str) -> Any:
        (case,) = write_metrics([1], gdth_img=pair[0], pred_img=pair[1], metrics=[metric])
        return case[metric][0]

    def of_paths(reference: Path, prediction: Path) -> Any:
        return [case["dice"][0] for case in write_metrics([1], str(reference), str(prediction), metrics=["dice"])]

    told = {}
    for name, pair in at.EMPTY.items():
        told[f"dice, {name}"] = at.told_of((pair,), lambda p: of_arrays(p, "dice"))
        told[f"hd95, {name}"] = at.told_of((pair,), lambda p: of_arrays(p, "hd95"))
    told["hd95, far part"] = at.told(lambda: of_arrays(at.FAR_PART, "hd95"))
    with tempfile.TemporaryDirectory() as folder:
        files = at.write_files(Path(folder) / "files")
        for file in at.FILES:
            told[f"files, {file}"] = at.told_of((file,), lambda f: of_paths(files / "reference", files / f)[0])
        reference, prediction = at.write_two_cases(Path(folder) / "two")
        told["files, missing"] = at.told(
            lambda: f"scored {len(of_paths(reference, prediction))} of 2, no word of the other"
        )
    return told
