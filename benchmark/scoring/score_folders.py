"""Scores prediction folders against a folder of reference labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ...baselines.processes import cores, die_with_parent
from ...metrics.case import CaseScore, score_case
from ..errors import BenchError, Problem, raise_if_any
from ..volumes.geometry import Geometry, disagreements
from ..volumes.label_maps import LabelMap, read_header, read_labels
from .case_folders import CaseFolder, Pairing, pair
from .protocol import MSWAL_1, Protocol
from .score_result import ScoredCase, ScoreResult, write_scores
from .score_table import score_table

__all__ = ["ScoreResult", "score_folders", "write_scores"]


@dataclass(frozen=True)
class _CaseFiles:
    """One case's files, for a worker."""

    case: str
    reference: Path
    predictions: Mapping[str, Path | None]
    """Method name -> file; None scores an empty prediction."""


@dataclass(frozen=True)
class _CaseOutcome:
    """What a worker found: problems, or a geometry and a score for every method."""

    case: str
    geometry: Geometry | None
    scores: Mapping[str, CaseScore]
    problems: tuple[Problem, ...]


def score_folders(
    predictions: Sequence[Path],
    reference: Path,
    *,
    jobs: int | None = None,
    allow_missing: bool = False,
    progress: bool = False,
    protocol: Protocol = MSWAL_1,
) -> ScoreResult:
    """Scores each prediction folder, a method named after the folder, against the label maps in `reference`.

    `jobs` is the number of processes, by default one a core; the numbers do not depend on it. With `allow_missing` a
    case without a prediction counts as predicted empty, and the result says so. `progress` shows a bar on stderr where
    that is a terminal.

    Raises BenchError with every problem of every file. Nothing is scored when the folders do not fit together.
    """
    pairing = pair(predictions, reference, allow_missing=allow_missing)
    outcomes: dict[str, _CaseOutcome] = {}
    work = _case_files(pairing)
    # disable=None: no bar where stderr is not a terminal.
    with tqdm(total=len(work), desc="score", unit="case", disable=None if progress else True) as bar:
        for outcome in _outcomes(work, protocol, jobs or cores()):
            outcomes[outcome.case] = outcome
            bar.update()
    ordered = [outcomes[files.case] for files in work]
    raise_if_any(problem for outcome in ordered for problem in outcome.problems)
    cases = {folder.name: _scored_cases(folder, ordered) for folder in pairing.predictions}
    table = score_table(
        protocol, {name: [case.score for case in scored] for name, scored in cases.items()}, pairing.missing
    )
    return ScoreResult(table, cases, tuple(pairing.notes))


def _case_files(pairing: Pairing) -> list[_CaseFiles]:
    return [
        _CaseFiles(case, path, {folder.name: folder.files.get(case) for folder in pairing.predictions})
        for case, path in pairing.reference.files.items()
    ]


def _scored_cases(folder: CaseFolder, outcomes: Sequence[_CaseOutcome]) -> tuple[ScoredCase, ...]:
    return tuple(
        ScoredCase(outcome.case, folder.files.get(outcome.case), outcome.geometry, outcome.scores[folder.name])
        for outcome in outcomes
        if outcome.geometry is not None
    )


def _outcomes(work: Sequence[_CaseFiles], protocol: Protocol, jobs: int) -> Iterator[_CaseOutcome]:
    """Scores the cases, in any order."""
    if min(jobs, len(work)) == 1:
        for files in work:
            yield _score_files(files, protocol)
        return
    # spawn: a fork of a process that has threads, as one that trained with torch has, can hang.
    pool = ProcessPoolExecutor(min(jobs, len(work)), mp_context=get_context("spawn"), initializer=die_with_parent)
    try:
        futures = [pool.submit(_score_files, files, protocol) for files in work]
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool as error:
        what = "a scoring process was ended from outside, most often for lack of memory"
        raise BenchError(Problem(what, mend="Score with fewer --jobs.")) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _score_files(files: _CaseFiles, protocol: Protocol) -> _CaseOutcome:
    """Reads one case's reference once and scores every method's prediction of it. Problems are returned, not raised."""
    problems: list[Problem] = []
    highest = max(protocol.class_ids)
    reference, geometry = _read(files.reference, highest, problems)
    scores = {}
    for name, path in files.predictions.items():
        prediction = None
        if path is not None:
            # Both are told, a grid that differs and values that are no labels.
            prediction, its_geometry = _read(path, highest, problems)
            if geometry is not None and its_geometry is not None:
                problems += disagreements(geometry, its_geometry, str(path))
        if reference is not None and not problems:
            scores[name] = score_case(
                reference.array,
                np.zeros_like(reference.array) if prediction is None else prediction.array,
                reference.spacing_zyx_mm,
                protocol.class_ids,
                match_iou=protocol.match_iou,
                connectivity=protocol.connectivity,
            )
    return _CaseOutcome(files.case, geometry, scores, tuple(problems))


def _read(path: Path, highest_label: int, problems: list[Problem]) -> tuple[LabelMap | None, Geometry | None]:
    """The label map and its grid; what cannot be had is None, with its problems added to `problems`."""
    geometry = None
    try:
        stored = read_header(path)
        geometry = stored.geometry
        return read_labels(stored, highest_label), geometry
    except BenchError as error:
        problems += error.problems
        return None, geometry
