"""Writes the `summary.json` that nnU-Net's own evaluation writes, for the tools that read it.

As `compute_metrics_on_folder` of nnunetv2 2.8 has it: voxels alone, no lesions, and an average that is its own. A
number that is undefined is NaN there, which strict JSON does not know; `foreground_mean` is undefined as soon as one
class is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, nan, prod
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.core.whole_files import not_written, write_text
from mswal_bench.metrics.aggregation import defined_mean
from mswal_bench.metrics.case import CaseScore, ClassCounts

from .scores import ScoredCase, Scores

SUMMARY_FILE = "summary.json"
SUMMARIES_FOLDER = "nnunet"
"""The folder beside the scores with a folder for each method's summary."""
_Metrics = dict[str, float]


@dataclass(frozen=True)
class SummarisedCase:
    """What the summary says of a case."""

    reference_file: str
    prediction_file: str | None
    """None where there was none and an empty one was scored: nnU-Net passes over such cases."""
    voxels: int
    """Of the grid."""
    score: CaseScore


def summary_json(cases: Sequence[SummarisedCase], class_ids: Sequence[int]) -> str:
    """Writes the file's content, keys sorted as nnU-Net sorts them. Without any case every mean is NaN."""
    of_cases = [{class_id: _metrics(case, class_id) for class_id in class_ids} for case in cases]
    names = tuple(_metrics_of(ClassCounts(0, 0, 0, 0, 0, 0), 0))
    mean = {
        class_id: {name: defined_mean(metrics[class_id][name] for metrics in of_cases)[0] for name in names}
        for class_id in class_ids
    }
    foreground = {name: fsum(of_class[name] for of_class in mean.values()) / max(len(mean), 1) for name in names}
    content = {
        "foreground_mean": foreground,
        "mean": {str(class_id): metrics for class_id, metrics in mean.items()},
        "metric_per_case": [
            {
                "metrics": {str(class_id): values for class_id, values in metrics.items()},
                "prediction_file": case.prediction_file,
                "reference_file": case.reference_file,
            }
            for case, metrics in zip(cases, of_cases, strict=True)
        ],
    }
    return json.dumps(content, indent=4, sort_keys=True) + "\n"


def write_summaries(scores: Scores, out: Path) -> None:
    """Writes `out/nnunet/METHOD/summary.json` for every method.

    Raises BenchError when a file cannot be written, and ValueError for scores that were read from files, which do not
    have the grids.
    """
    for name, method in scores.items():
        cases = [_summarised(case) for case in method.by_case.values()]
        path = out / SUMMARIES_FOLDER / name / SUMMARY_FILE
        try:
            write_text(path, summary_json(cases, scores.protocol.class_ids))
        except OSError as error:
            raise BenchError(not_written(error, path)) from error


def _summarised(case: ScoredCase) -> SummarisedCase:
    if case.geometry is None:
        raise ValueError(f"expected the grid of the case {case.case}, got scores that were read from files")
    prediction = None if case.prediction is None else str(case.prediction)
    return SummarisedCase(str(case.reference), prediction, prod(case.geometry.shape), case.score)


def _metrics(case: SummarisedCase, class_id: int) -> _Metrics:
    return _metrics_of(case.score.classes[class_id], case.voxels)


def _metrics_of(counts: ClassCounts, voxels: int) -> _Metrics:
    tp = counts.intersection_voxels
    fp, fn = counts.prediction_voxels - tp, counts.reference_voxels - tp
    union = tp + fp + fn
    return {
        "Dice": counts.dsc,
        "IoU": tp / union if union else nan,
        "FP": fp,
        "TP": tp,
        "FN": fn,
        "TN": voxels - union,
        "n_pred": counts.prediction_voxels,
        "n_ref": counts.reference_voxels,
    }
