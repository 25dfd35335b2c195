from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring.case_store import ResultStore, StoreError
from mswal_bench.benchmark.scoring.score_files import CaseOutcome, CaseToScore, score_case_files
from mswal_bench.benchmark.scoring.score_folders import score_cases

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

DEADLY = "deadly"


@pytest.fixture
def work(tmp_path: Path, save_labels: SaveLabels) -> list[CaseToScore]:
    labels = np.zeros((3, 4, 5), np.uint8)
    labels[1, 1] = 3
    path = save_labels(tmp_path / "labels.nii.gz", labels)
    return [CaseToScore(name, path, {"method": path}) for name in ("a", "b", DEADLY, "c", "d")]


def _deadly(files: CaseToScore, **options: object) -> CaseOutcome:
    """Takes its process down where a case is deadly, as the kernel does when memory runs out."""
    if files.case == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return score_case_files(files, **options)  # type: ignore[arg-type]


def _too_large(files: CaseToScore, **options: object) -> CaseOutcome:
    if files.case == DEADLY:
        raise MemoryError
    return score_case_files(files, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("jobs", [2, 3])
def test_a_case_that_kills_its_process_costs_itself_only(work: list[CaseToScore], jobs: int) -> None:
    outcomes = {
        outcome.case: outcome
        for outcome in score_cases(work, MSWAL_1, details=False, store=None, jobs=jobs, score=_deadly)
    }
    assert set(outcomes) == {"a", "b", "c", "d", DEADLY}
    assert [bool(outcomes[name].scores) for name in ("a", "b", "c", "d", DEADLY)] == [True] * 4 + [False]
    (problem,) = outcomes[DEADLY].problems
    assert "case deadly: its scoring process was ended from outside" in str(problem)


def _all_deadly(files: CaseToScore, **options: object) -> CaseOutcome:
    os.kill(os.getpid(), signal.SIGKILL)
    return CaseOutcome(files.case)


def test_when_every_case_kills_its_process_each_is_told(work: list[CaseToScore]) -> None:
    outcomes = list(score_cases(work, MSWAL_1, details=False, store=None, jobs=2, score=_all_deadly))
    problems = [str(problem) for outcome in outcomes for problem in outcome.problems]
    assert len(problems) == len(work)
    assert all("was ended from outside" in problem for problem in problems)


def _faulty(files: CaseToScore, **options: object) -> CaseOutcome:
    if files.case == DEADLY:
        raise RuntimeError("no such thing")
    return score_case_files(files, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_of_the_scorer_costs_one_case(work: list[CaseToScore], jobs: int) -> None:
    outcomes = list(score_cases(work, MSWAL_1, details=False, store=None, jobs=jobs, score=_faulty))
    assert sum(bool(outcome.scores) for outcome in outcomes) == 4
    (problem,) = [problem for outcome in outcomes for problem in outcome.problems]
    assert "case deadly: scoring it failed (RuntimeError: no such thing)" in str(problem)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_case_that_needs_too_much_memory(work: list[CaseToScore], jobs: int) -> None:
    outcomes = list(score_cases(work, MSWAL_1, details=False, store=None, jobs=jobs, score=_too_large))
    assert sum(bool(outcome.scores) for outcome in outcomes) == 4
    assert ["memory" in str(problem) for outcome in outcomes for problem in outcome.problems] == [True]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_store_that_cannot_be_written(work: list[CaseToScore], tmp_path: Path, jobs: int) -> None:
    (tmp_path / "file").touch()
    store = ResultStore(tmp_path / "file" / "store", MSWAL_1)
    with pytest.raises(StoreError, match="cannot be written"):
        list(score_cases(work, MSWAL_1, details=False, store=store, jobs=jobs))
