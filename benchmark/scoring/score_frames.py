"""Makes pandas frames of scores: of their numbers, of cases and of lesions.

In every frame `lesion` is the key of a lesion type, which the files call `class`. Ratios are fractions; what is
undefined is NaN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from math import nan
from typing import TYPE_CHECKING

from mswal_bench.metrics.case import CaseScore, ClassCounts

from .details_table import DETAIL_COLUMNS
from .scored_methods import ScoredMethods

if TYPE_CHECKING:
    import pandas

    from .scores_json import MethodSummary

_NUMBERS = ("method", "lesion", "metric", "value")
_COUNTS = tuple(field.name for field in fields(ClassCounts))


def numbers_frame(methods: Mapping[str, MethodSummary]) -> pandas.DataFrame:
    """A row a number of a method and lesion: `method`, `lesion`, `metric`, `value`.

    The metrics are those of the CSV of `mswal-bench score`, the details among them where they were measured. The lesion
    `average` has the means over the lesions.
    """
    rows = [(name, *number) for name, method in methods.items() for number in _numbers(method)]
    return _frame(rows, _NUMBERS).astype({"value": float})


def case_numbers_frame(score: CaseScore, keys: Mapping[int, str]) -> pandas.DataFrame:
    """A row a number of a lesion in one case: `lesion`, `metric`, `value`. `keys` are those of the classes by id."""
    rows: list[tuple[str, str, float]] = []
    for class_id, key in keys.items():
        counts = score.classes[class_id]
        rows += [(key, "dsc", counts.dsc), (key, "f1", counts.f1)]
        rows += [(key, name, getattr(counts, name)) for name in _COUNTS]
        if score.surfaces is not None:
            rows += [(key, "nsd", score.surfaces[class_id].nsd), (key, "hd95_mm", score.surfaces[class_id].hd95_mm)]
    return _frame(rows, _NUMBERS[1:]).astype({"value": float})


def cases_frame(scores: ScoredMethods) -> pandas.DataFrame:
    """A row a method, case and lesion, its columns those of `cases.csv`."""
    columns = (
        *("method", "case", "lesion", "missing", *_COUNTS),
        *("dsc", "f1", "reference_mm3", "prediction_mm3", "nsd", "hd95_mm"),
    )
    return _frame(
        [
            (
                row.method,
                row.case,
                row.class_key,
                row.is_missing,
                *(getattr(row.counts, name) for name in _COUNTS),
                row.counts.dsc,
                row.counts.f1,
                row.reference_mm3,
                row.prediction_mm3,
                nan if row.surface is None else row.surface.nsd,
                nan if row.surface is None else row.surface.hd95_mm,
            )
            for row in scores.case_rows()
        ],
        columns,
    )


def lesions_frame(scores: ScoredMethods) -> pandas.DataFrame:
    """A row a lesion of either side, its columns those of `lesions.csv`.

    `number` is the lesion's own among those of its type, case and side, and `matched` the number of its match on the
    other side, missing (`<NA>`) without one. Centroids are places in the patient, LPS in mm.
    """
    columns = (
        *("method", "case", "lesion", "side", "number", "status", "matched", "iou", "dsc", "voxels"),
        *("volume_mm3", "diameter_mm", "centroid_x_mm", "centroid_y_mm", "centroid_z_mm"),
    )
    rows = [
        (
            row.method,
            row.case,
            row.class_key,
            row.lesion.side,
            row.lesion.lesion_id,
            row.lesion.status,
            row.lesion.matched_id,
            row.lesion.iou,
            row.lesion.dsc,
            row.lesion.voxels,
            row.lesion.volume_mm3,
            row.lesion.diameter_mm,
            *row.position_mm,
        )
        for row in scores.lesion_rows()
    ]
    return _frame(rows, columns).astype({"matched": "Int64"})


def _numbers(method: MethodSummary) -> Iterator[tuple[str, str, float]]:
    for lesion, score in method.classes.items():
        yield from ((lesion, metric, value) for metric, value in asdict(score).items())
        if method.details is not None:
            of_lesion = method.details[lesion]
            yield from ((lesion, column.key, column.value(of_lesion)) for column in DETAIL_COLUMNS)
    yield from (("average", metric, getattr(method.average, metric)) for metric in ("dsc", "f1", "f1_per_case"))


def _frame(rows: Sequence[tuple[object, ...]], columns: Sequence[str]) -> pandas.DataFrame:
    import pandas

    return pandas.DataFrame(rows, columns=list(columns))
