"""Asks mswal-bench itself the same questions."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.metrics import score_case
from mswal_bench.metrics.aggregation import average, class_score
from mswal_bench.metrics.case import CaseScore

from . import situations as at


def answers() -> dict[str, str]:
    def score(pair: at.Pair) -> CaseScore:
        return score_case(*pair, (1.0, 1.0, 1.0), (1, 2), nsd_tolerance_mm=2.0)

    def hd95(pair: at.Pair) -> float:
        surfaces = score(pair).surfaces
        assert surfaces is not None
        return surfaces[1].hd95_mm

    told = {}
    for name, pair in at.EMPTY.items():
        told[f"dice, {name}"] = at.told_of((pair,), lambda p: score(p).classes[1].dsc)
        told[f"hd95, {name}"] = at.told_of((pair,), hd95)
    told["hd95, far part"] = at.told(lambda: hd95(at.FAR_PART))
    for name, pair in at.MATCHES.items():
        counts = score(pair).classes[1]
        told[f"lesions, {name}"] = at.counted(counts.tp, counts.fp, counts.fn)
    for name, voxels in at.JOINED.items():
        told[f"lesions, {name}"] = at.told_of((voxels,), lambda v: score((v, v)).classes[1].tp)
    with tempfile.TemporaryDirectory() as folder:
        files = at.write_files(Path(folder) / "files")
        for file in at.FILES:
            told[f"files, {file}"] = at.told_of((file,), lambda f: _of_folder(files / f, files / "reference"))
        reference, prediction = at.write_two_cases(Path(folder) / "two")
        told["files, missing"] = at.told(lambda: _of_folder(prediction, reference))
        told["files, missing, allowed"] = at.told(lambda: _of_folder(prediction, reference, allow_missing=True))
    scores = {class_id: class_score(score(case).classes[class_id] for case in at.CASES) for class_id in (1, 2)}
    told["mean, class 1"] = at.number(scores[1].dsc)
    told["mean, absent class"] = at.number(scores[2].dsc)
    told["mean, classes"] = at.number(average(scores).dsc)
    told["mean, F1"] = at.number(scores[1].f1)
    told["mean, F1 per case"] = at.number(scores[1].f1_per_case)
    return told


def _of_folder(prediction: Path, reference: Path, allow_missing: bool = False) -> str:
    try:
        scores = score_folders([prediction], reference, jobs=1, allow_missing=allow_missing)
    except BenchError:
        return "refused (exit 1)"
    return at.number(next(iter(scores.values()))["gallstone"].dsc)
