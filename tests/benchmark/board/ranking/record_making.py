"""Records of a results folder, with the rows of drawn scores, for the tests of what ranks them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.core.digests import file_digest
from mswal_bench.benchmark.core.environment import Environment
from mswal_bench.benchmark.records.record_writing import add_record
from mswal_bench.benchmark.records.release_policy import Release, ReleasePolicy
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.scoring.estimates import AverageResult, Bootstrap, ClassResult, Estimate
from mswal_bench.benchmark.submissions.submission_form import PublicForm

_ENVIRONMENT = Environment(
    python="3.11.7", packages={}, git_commit=None, git_dirty=None, system="Linux", cpu_cores=2, gpu=None,
    gpu_driver=None, cuda=None,
)  # fmt: skip
_NUMBERS = ("dsc", "f1", "f1_per_case", "precision", "recall", "recall_small", "recall_large")


def digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def store_record(
    results: Path, rows: Path, method: str, classes: tuple[str, ...], *, private: Path | None = None, **fields: Any
) -> ResultRecord:
    """Adds a record of `method` whose rows are in the folder `rows`; `fields` replace what a record says."""
    (rows / "lesions.csv").touch()
    track, hidden = fields.get("track", "demo"), private is not None
    none = Estimate(value=None)
    # `_older` makes two records of one method two.
    told = digest(f"{method} {sorted(fields.items())}")
    record = ResultRecord(
        id=told.removeprefix("sha256:")[:16],
        created_at=datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=len(fields)),
        **{
            "status": "verified",
            "track": track,
            "hidden": hidden,
            "protocol": "mswal/1",
            "cases": 8,
            "manifest_digest": digest("manifest"),
            "split_digest": None,
            "reference_digest": digest("reference"),
            "submission_digest": told,
            "predictions_digest": told,
            "form": PublicForm(method=method, authors=["A. Author"], affiliation="Here", track=track),
            "version": "0.1.0",
            "environment": _ENVIRONMENT,
            "classes": {key: ClassResult(**dict.fromkeys(_NUMBERS, none)) for key in classes},
            "average": AverageResult(dsc=none, f1=none, f1_per_case=none, dsc_classes=0, f1_classes=0),
            "bootstrap": Bootstrap(resamples=1, seed=0),
            "release": Release(policy=ReleasePolicy(), shown=True) if hidden else None,
            "files": {name: file_digest(rows / name) for name in ("cases.csv", "lesions.csv")},
            **fields,
        },
    )
    return add_record(record, rows, results, private)
