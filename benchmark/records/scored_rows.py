"""Scores a submission and writes its rows, and makes of them what a record says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from mswal_bench.benchmark.core.errors import raise_if_any
from mswal_bench.benchmark.data.protocol import Protocol
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.score_result import write_scores
from mswal_bench.benchmark.scoring.stored_scores import as_written
from mswal_bench.benchmark.submissions.package.unpack import unpacked
from mswal_bench.metrics.case import CaseScore


def score_submission(
    submission: Path,
    predictions: Mapping[str, str],
    method: str,
    reference: Path,
    cases: Collection[str],
    protocol: Protocol,
    out: Path,
    *,
    jobs: int | None = None,
    progress: bool = False,
) -> list[CaseScore]:
    """Writes `cases.csv` and `lesions.csv` to `out` and gives the scores that they hold, in the order of case ids.

    `predictions` is case id -> name inside the submission; a case without one counts as predicted empty. What was
    scored before into `out` is not scored again. Raises BenchError with every problem of every file.
    """
    # In `out`, which goes when all is done: killed half-way, nothing is left elsewhere.
    with unpacked(submission, predictions, parent=out) as folder:
        scored = score_folders(
            [folder],
            reference,
            cases=cases,
            jobs=jobs,
            allow_missing=len(predictions) < len(cases),
            out=out,
            progress=progress,
            protocol=protocol,
        )
    raise_if_any(scored.problems)
    (of_method,) = scored.cases.values()
    write_scores(replace(scored, cases={method: of_method}), out)
    return [as_written(case.score) for case in sorted(of_method, key=lambda case: case.case)]
