"""Scores what users name: folders of predictions, runs, and single files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.data.scoring_protocol import Protocol
from mswal_bench.benchmark.scoring.case_folders import folder_name
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.scores import Scores

from .predicted_goals import folders_of_methods


def score_methods(
    paths: Sequence[Path],
    reference: Path,
    *,
    jobs: int | None = None,
    allow_missing: bool = False,
    details: bool = False,
    out: Path | None = None,
    progress: bool = False,
    protocol: Protocol | None = None,
) -> Scores:
    """As `score_folders`; each of `paths` may also be the folder of a run, or of one of its goals.

    A run that is not finished is left out as a folder that is not complete is.
    """
    problems: list[Problem] = []
    notes: list[str] = []
    folders = folders_of_methods(paths, reference, problems, notes)
    if not folders:
        raise_if_any(problems)
    try:
        scores = score_folders(
            folders,
            reference,
            jobs=jobs,
            allow_missing=allow_missing,
            details=details,
            out=out,
            progress=progress,
            protocol=protocol,
        )
    except BenchError as error:
        raise BenchError(*problems, *error.problems) from error
    left_out = [
        folder_name(path) for path in paths if any(path in (at := Path(each.where), *at.parents) for each in problems)
    ]
    return replace(
        scores,
        left_out=(*left_out, *scores.left_out),
        notes=(*notes, *scores.notes),
        problems=(*problems, *scores.problems),
    )
