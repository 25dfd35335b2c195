"""Writes records of evaluated submissions, of runs and of transfers, as the commands do, with scores to order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

from mswal_bench.baselines.weight_fit import WeightFit
from mswal_bench.benchmark.core.environment import Environment, describe_environment
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.records.publication import published
from mswal_bench.benchmark.records.release_policy import Release
from mswal_bench.benchmark.records.result_record import ResultRecord, Status
from mswal_bench.benchmark.runs.resources import Resources
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_record import RunIdentity, RunRecord, Start, Step, now
from mswal_bench.benchmark.runs.transfer import StructureTransfer, TransferRecord
from mswal_bench.benchmark.scoring.estimates import AverageResult, Bootstrap, ClassResult, Estimate
from mswal_bench.benchmark.submissions.submission_form import PublicForm
from mswal_bench.tests.benchmark.score_summaries import Pair, summary
from mswal_bench.tests.benchmark.signed_records import consistent, write_signed

Score = float | None
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def environment() -> Environment:
    return describe_environment()


def digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def submit(
    results: Path,
    method: str,
    dsc: Score,
    *,
    f1: Score = 0.5,
    baseline: str | None = None,
    variant: str | None = None,
    track: str = "official-test",
    protocol: str = "mswal/1",
    labels: str = "labels",
    status: Status = "verified",
    day: int = 0,
    missing: tuple[str, ...] = (),
    classes: Mapping[str, tuple[Score, Score]] | None = None,
    absent: Sequence[str] = (),
    hidden: bool = False,
    drawn_by: Literal["method", "people"] = "method",
    release: Release | None = None,
) -> Path:
    """A record in `results` with the same scores for every class but those in `classes`; fractions.

    The reference has lesions of the classes with a score, but of those in `absent`. One of a `hidden` track is as such
    records were published before there were policies.
    """
    scores = {lesion.key: (dsc, f1) for lesion in LESION_CLASSES} | dict(classes or {})
    nothing = Estimate(value=None)

    def told(value: Score) -> Estimate:
        # Without an interval nothing is published of a hidden track.
        return Estimate(value=value, low=value, high=value) if hidden else Estimate(value=value)

    of_class = {
        key: ClassResult(
            dsc=told(own_dsc),
            f1=told(own_f1),
            f1_per_case=told(own_f1),
            precision=nothing,
            recall=nothing if key in absent else told(own_f1),
            recall_small=nothing,
            recall_large=nothing,
        )
        for key, (own_dsc, own_f1) in scores.items()
    }
    known = [[value for value in values if value is not None] for values in zip(*scores.values(), strict=True)]
    means = [sum(values) / len(values) if values else None for values in known]
    record = ResultRecord(
        id="0" * 16,
        created_at=FIRST_DAY + timedelta(days=day),
        status=status,
        track=track,
        hidden=hidden,
        protocol=protocol,
        cases=210,
        manifest_digest=digest("manifest"),
        split_digest=None,
        reference_digest=digest(labels),
        submission_digest=digest(""),
        predictions_digest=digest(f"{method} {day} {dsc}"),
        form=PublicForm(
            method=method,
            authors=["A. Author"],
            affiliation="Here",
            track=track,
            baseline=baseline,
            variant=variant,
            drawn_by=drawn_by,
        ),
        version="0.1.0",
        environment=environment(),
        classes=of_class,
        average=AverageResult(
            dsc=told(means[0]),
            f1=told(means[1]),
            f1_per_case=told(means[1]),
            dsc_classes=len(known[0]),
            f1_classes=len(known[1]),
        ),
        bootstrap=Bootstrap(resamples=1, seed=0),
        missing=missing,
        release=release,
        files={} if hidden else {"cases.csv": digest("cases"), "lesions.csv": digest("lesions")},
    )
    record = consistent(published(record))
    path = results / "records" / track / record.id / "record.json"
    write_signed(path.parent, record)
    return path


def run(
    work: Path,
    method: str,
    dsc: Score,
    *,
    track: str = "official-test",
    goal: str = "fold-all",
    folds: tuple[int, ...] = (0, 1, 2, 3, 4),
    protocol: str = "mswal/1",
    labels: str = "labels",
    cases: int = 210,
    title: str | None = None,
    scored: bool = True,
    classes: Mapping[str, Pair] | None = None,
    absent: Sequence[str] = (),
) -> Path:
    """A finished run in the work folder `work`, which may have one already, with one DSC and F1 for all classes.

    `classes` replaces that of some; those in `absent` the reference does not have.
    """
    identity = RunIdentity(
        method=method, budget="demo", seed=0, dataset="Toy", split_digest="s", files_digest="f", settings_digest="t"
    )
    folder = RunFolder(work)
    folder.open(identity)
    of_classes = {lesion.key: (dsc, dsc) for lesion in LESION_CLASSES} | dict(classes or {})
    scores = summary({method: of_classes}, protocol=protocol, cases=cases, absent=absent) if scored else None
    step = Step(started_at=now(), environment="e", resources=Resources())
    record = RunRecord(
        created_at=now(),
        identity=identity,
        title=title or method,
        publication="p",
        settings={},
        card={},
        parameters=1,
        track=track,
        folds=list(folds),
        epochs=10,
        environments={},
        prepared=step,
        training={},
        resumed_from_epochs={},
        predicted=step,
        cases=cases,
        scores=scores,
        labels_digest=digest(labels),
    )
    path = work / goal / "record.json"
    path.parent.mkdir()
    path.write_text(record.model_dump_json(), encoding="utf-8")
    return path


def transfer(
    work: Path, dataset: str, structures: dict[str, tuple[Score, Score]], *, folds: int = 5, seed: int = 0
) -> Path:
    """A finished transfer experiment in the work folder `work`; DSC from scratch and pretrained, by structure."""
    source = RunIdentity(
        method="nnunet-resenc", budget="demo", seed=0, dataset="MSWAL", split_digest="s", files_digest="f",
        settings_digest="t",
    )  # fmt: skip
    record = TransferRecord(
        created_at=now(),
        method="nnunet-resenc",
        title="nnU-Net res",
        budget="demo",
        seed=seed,
        dataset=dataset,
        split_digest="s",
        folds=list(range(folds)),
        start=Start(run=source, fold=0, digest=digest("weights"), fit=WeightFit({"a": 1}, {}, {}, ())),
        records={},
        protocol=f"mswal/1 on {dataset}",
        cases=26,
        structures={
            name.lower(): StructureTransfer(
                name=name,
                scratch=scratch,
                pretrained=pretrained,
                improvement=None if scratch is None or pretrained is None else pretrained - scratch,
            )
            for name, (scratch, pretrained) in structures.items()
        },
    )
    work.mkdir(parents=True, exist_ok=True)
    path = work / f"transfer-fold-{'all' if folds == 5 else folds}.json"
    path.write_text(record.model_dump_json(), encoding="utf-8")
    return path
