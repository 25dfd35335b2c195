"""Records of a results folder, with the rows of drawn scores, for the tests of what ranks them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import isnan, nan
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.environment import Environment
from mswal_bench.benchmark.records.record_writing import add_record
from mswal_bench.benchmark.records.release_policy import Release, ReleasePolicy
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.scoring.cases_csv import read_counts
from mswal_bench.benchmark.scoring.estimates import AverageResult, Bootstrap, ClassResult, Estimate
from mswal_bench.benchmark.submissions.submission_form import PublicForm
from mswal_bench.metrics import ClassCounts
from mswal_bench.tests.benchmark.signed_records import KEY, consistent

_ENVIRONMENT = Environment(
    python="3.11.7", packages={}, git_commit=None, git_dirty=None, system="Linux", cpu_cores=2, gpu=None,
    gpu_driver=None, cuda=None,
)  # fmt: skip


def digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def store_record(
    results: Path, rows: Path, method: str, classes: tuple[str, ...], *, private: Path | None = None, **fields: Any
) -> ResultRecord:
    """Adds a record of `method` whose rows are in the folder `rows`; `fields` replace what a record says."""
    (rows / "lesions.csv").touch()
    track, hidden = fields.get("track", "demo"), private is not None
    (cases,) = read_counts(rows / "cases.csv").values()
    results_of = {key: _class_result([case[key] for case in cases.values()]) for key in classes}
    told = digest(f"{method} {sorted(fields.items())}")
    record = ResultRecord(
        id="0" * 16,
        created_at=datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=len(fields)),
        **{
            "status": "verified",
            "track": track,
            "hidden": hidden,
            "protocol": "mswal/1 on two",
            "cases": len(cases),
            "manifest_digest": digest("manifest"),
            "split_digest": None,
            "reference_digest": digest("reference"),
            "submission_digest": told,
            "predictions_digest": told,
            "form": PublicForm(method=method, authors=["A. Author"], affiliation="Here", track=track),
            "version": "0.1.0",
            "environment": _ENVIRONMENT,
            "classes": results_of,
            "average": _average(list(results_of.values())),
            "bootstrap": Bootstrap(resamples=1, seed=0),
            "release": Release(policy=ReleasePolicy(), shown=True) if hidden else None,
            "files": {name: file_digest(rows / name) for name in ("cases.csv", "lesions.csv")},
            **fields,
        },
    )
    return add_record(consistent(record), rows, results, private, KEY if record.status == "verified" else None)


def _class_result(cases: Sequence[ClassCounts]) -> ClassResult:
    tp, fp, fn = (sum(getattr(case, name) for case in cases) for name in ("tp", "fp", "fn"))
    none = Estimate(value=None)
    return ClassResult(
        dsc=_mean([case.dsc for case in cases]),
        f1=_ratio(2 * tp, 2 * tp + fp + fn),
        f1_per_case=_mean([case.f1 for case in cases]),
        precision=_ratio(tp, tp + fp),
        recall=_ratio(tp, tp + fn),
        recall_small=none,
        recall_large=none,
    )


def _average(classes: Sequence[ClassResult]) -> AverageResult:
    means = {
        name: [nan if value is None else value for value in (getattr(each, name).value for each in classes)]
        for name in ("dsc", "f1", "f1_per_case")
    }
    return AverageResult(
        **{name: _mean(values) for name, values in means.items()},
        dsc_classes=sum(not isnan(value) for value in means["dsc"]),
        f1_classes=sum(not isnan(value) for value in means["f1"]),
    )


def _mean(values: Sequence[float]) -> Estimate:
    known = [value for value in values if not isnan(value)]
    return _ratio(sum(known), len(known))


def _ratio(part: float, whole: int) -> Estimate:
    return Estimate(value=part / whole if whole else None)
