"""Scores a submission and writes its rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mswal_bench.benchmark.core.errors import raise_if_any
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.scores import MethodScores
from mswal_bench.benchmark.submissions.package.private_copy import SubmissionCopy


def score_submission(
    submission: SubmissionCopy,
    predictions: Mapping[str, str],
    method: str,
    reference: Path,
    cases: Collection[str],
    protocol: Protocol,
    out: Path,
    *,
    jobs: int | None = None,
    progress: bool = False,
) -> MethodScores:
    """Writes `cases.csv` and `lesions.csv` to `out` and gives the scores that they hold.

    `predictions` is case id -> name inside the submission; a case without one counts as predicted empty. What was
    scored before into `out` is not scored again. Raises BenchError with every problem of every file.
    """
    # In `out`, which goes when all is done: killed half-way, nothing is left elsewhere.
    with TemporaryDirectory(prefix="predictions-", dir=out) as folder:
        submission.link(predictions, Path(folder))
        scored = score_folders(
            [Path(folder)],
            reference,
            cases=cases,
            jobs=jobs,
            allow_missing=len(predictions) < len(cases),
            out=out,
            progress=progress,
            protocol=protocol,
        )
    raise_if_any(scored.problems)
    (of_folder,) = scored.values()
    of_method = replace(of_folder, name=method)
    replace(scored, methods={method: of_method}).save(out)
    return of_method
