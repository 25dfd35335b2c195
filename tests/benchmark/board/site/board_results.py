"""Results folders made up for the board: records with the rows that their numbers follow from."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from math import isnan, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from mswal_bench.benchmark.core.environment import Environment
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.records.identity import resealed
from mswal_bench.benchmark.records.publication import published
from mswal_bench.benchmark.records.record_store import private_folder, record_folder
from mswal_bench.benchmark.records.record_writing import record_json
from mswal_bench.benchmark.records.release_policy import Release, ReleasePolicy
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.scoring.estimates import AverageResult, Bootstrap, ClassResult, Estimate
from mswal_bench.benchmark.submissions.submission_form import PublicForm
from mswal_bench.tests.benchmark.signed_records import consistent, write_signed

_CLASSES = tuple(lesion.key for lesion in LESION_CLASSES)
_COLUMNS = (
    "method", "case", "class", "missing", "reference_voxels", "prediction_voxels", "intersection_voxels", "dsc", "tp",
    "fp", "fn", "f1", "reference_mm3", "prediction_mm3", "nsd", "hd95_mm",
)  # fmt: skip
_SHOWN = Release(policy=ReleasePolicy(), shown=True)
_HARDNESS = (0.05, 0.25, 0.2, 0.15, 0.1, 0.05, 0.1)


def digest(text: str) -> str:
    """A digest that is one in form."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def add_record(
    results: Path,
    method: str = "A method",
    *,
    track: str = "public-cv",
    status: str = "verified",
    quality: float = 0.6,
    seed: int = 0,
    cases: int = 24,
    private: Path | None = None,
    classes: Sequence[str] = _CLASSES,
    reference: str = "labels",
    protocol: str = "mswal/1",
    release: Release | None = _SHOWN,
    **form: Any,
) -> ResultRecord:
    """Adds a record with its rows: beside it, or of a hidden track, which one with `private` is, there,
    by `release`."""
    counted = _counts(quality, seed, cases, classes)
    cases_csv, lesions_csv = _rows(method, counted), b"method,case,class\n"
    values = {key: _class_result(of_class) for key, of_class in _by_class(counted).items()}
    record = ResultRecord(
        id="0" * 16,
        created_at=datetime(2026, 9, 1, 12, tzinfo=UTC) + timedelta(days=seed),
        status=status,  # type: ignore[arg-type]
        track=track,
        hidden=private is not None,
        release=None if private is None else release,
        protocol=protocol,
        cases=cases,
        manifest_digest=digest("manifest"),
        split_digest=None,
        reference_digest=digest(reference),
        submission_digest=digest(""),
        predictions_digest=digest(f"{method} {seed}"),
        form=PublicForm(
            method=method,
            track=track,
            **({"authors": ["Ada Example", "Bo Sample"], "affiliation": "University of Examples"} | form),
        ),
        version="0.1.0",
        environment=Environment(
            python="3.11.7", packages={"numpy": "2.4.6"}, git_commit="0123456789abcdef", git_dirty=False,
            system="Linux x86_64", cpu_cores=2, gpu=None, gpu_driver=None, cuda=None,
        ),
        classes=values,
        average=AverageResult(
            **{
                name: _mean([getattr(value, name) for value in values.values()])
                for name in ("dsc", "f1", "f1_per_case")
            },
            dsc_classes=len(values),
            f1_classes=len(values),
        ),
        bootstrap=Bootstrap(resamples=10_000, seed=0),
        files={"cases.csv": _digest(cases_csv), "lesions.csv": _digest(lesions_csv)},
    )  # fmt: skip
    record = consistent(record)
    public = record_folder(results, track, record.id)
    folder = private_folder(private, track, record.id) if private is not None else public
    write_signed(public, resealed(published(record)))
    if private is not None:
        folder.mkdir(parents=True)
        (folder / "record.json").write_text(record_json(record))
    (folder / "cases.csv").write_bytes(cases_csv)
    (folder / "lesions.csv").write_bytes(lesions_csv)
    return record


Row = tuple[str, str, int, int, int, int, int, int]
"""Case, class, voxels of the reference, of the prediction, of both, tp, fp, fn."""


def _counts(quality: float, seed: int, cases: int, classes: Sequence[str]) -> list[Row]:
    # The same cases for all, so that methods compare.
    patients, method = np.random.default_rng(1), np.random.default_rng(100 + seed)
    rows: list[Row] = []
    for case in range(cases):
        for key, hardness in zip(classes, _HARDNESS, strict=False):
            lesions = int(patients.integers(0, 4))
            voxels = lesions * int(patients.integers(50, 2000))
            level = float(np.clip(quality - hardness + method.normal(0, 0.1), 0.02, 0.98))
            tp = int(method.binomial(lesions, level))
            fp = int(method.binomial(2, (1 - level) / 2))
            predicted = (voxels if lesions else 0) if tp else 0
            predicted += 30 * fp
            both = int(min(voxels, predicted) * level)
            rows.append((f"CASE_{case:04d}", key, voxels, predicted, both, tp, fp, lesions - tp))
    return rows


def _rows(method: str, rows: Sequence[Row]) -> bytes:
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for case, key, reference, prediction, both, tp, fp, fn in rows:
        dsc, f1 = _ratio(2 * both, reference + prediction), _ratio(2 * tp, 2 * tp + fp + fn)
        dsc_cell, f1_cell = ("" if isnan(value) else repr(value) for value in (dsc, f1))
        writer.writerow(
            [method, case, key, 0, reference, prediction, both, dsc_cell, tp, fp, fn, f1_cell, 0, 0, "", ""]
        )
    return file.getvalue().encode()


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _by_class(rows: Sequence[Row]) -> dict[str, list[Row]]:
    return {key: [row for row in rows if row[1] == key] for key in dict.fromkeys(row[1] for row in rows)}


def _class_result(rows: Sequence[Row]) -> ClassResult:
    tp, fp, fn = (sum(counts) for counts in zip(*(row[5:] for row in rows), strict=True))
    dsc = np.array([_ratio(2 * row[4], row[2] + row[3]) for row in rows])
    f1 = np.array([_ratio(2 * row[5], 2 * row[5] + row[6] + row[7]) for row in rows])
    recall = _ratio(tp, tp + fn)
    return ClassResult(
        dsc=_estimate(float(np.nanmean(dsc))),
        f1=_estimate(_ratio(2 * tp, 2 * tp + fp + fn)),
        f1_per_case=_estimate(float(np.nanmean(f1))),
        precision=_estimate(_ratio(tp, tp + fp)),
        recall=_estimate(recall),
        recall_small=_estimate(recall * 0.7),
        recall_large=_estimate(min(1.0, recall * 1.2)),
    )


def _estimate(value: float) -> Estimate:
    if isnan(value):
        return Estimate(value=None)
    half = 2 * sqrt(value * (1 - value) / 100)
    return Estimate(value=value, low=max(0.0, value - half), high=min(1.0, value + half))


def _mean(estimates: Sequence[Estimate]) -> Estimate:
    defined = [estimate for estimate in estimates if estimate.value is not None]
    if not defined:
        return Estimate(value=None)
    return Estimate(
        **{name: float(np.mean([getattr(estimate, name) for estimate in defined])) for name in ("value", "low", "high")}
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
