"""Finds the predictions of runs below a path that a user names."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.scoring.case_folders import MethodFolder, cases_in, folder_name

from .finished_goals import RECORD_FILE, finished_goals

if TYPE_CHECKING:
    from .run_record import RunRecord


@dataclass(frozen=True)
class PredictedGoal:
    """What a run predicted for one of its goals."""

    work: Path
    """The run's folder."""
    name: str
    """That of the goal's folder: `fold-all`, `public-cv-fold-2`."""
    record: RunRecord
    predictions: Path
    """A folder of label maps; it may be gone."""

    @property
    def run(self) -> str:
        """The name of the run's folder."""
        return folder_name(self.work)


def predicted_goals(path: Path) -> tuple[PredictedGoal, ...]:
    """What `path` stands for: of a run's folder all finished goals, those of most folds first, then by name; of a
    goal's folder that goal; of any other folder, or file, nothing.

    Raises BenchError for a run without a finished goal, for a record that cannot be read and for a results folder,
    whose records are of scores, and OSError.
    """
    if not path.is_dir() or cases_in(path):
        return ()
    # What reads records takes as long to import as a small folder to score.
    from .run_folder import STATE_FILE

    # abspath: a link's own name is the one that the user chose.
    absolute = Path(os.path.abspath(path))  # noqa: PTH100
    if not any((folder / STATE_FILE).is_file() for folder in (path, absolute.parent)):
        _refuse_results(path)
    if (path / RECORD_FILE).is_file():
        return (_goal(absolute.parent, path / RECORD_FILE),)
    records = finished_goals(path)
    if not records and (path / STATE_FILE).is_file():
        what = "has no record of a finished run"
        mend = "`mswal-bench runs` says how far it is."
        raise BenchError(Problem(what, str(path), f"GOAL/{RECORD_FILE}", mend=mend))
    goals = [_goal(path, record) for record in records]
    return tuple(sorted(goals, key=lambda goal: (-len(goal.record.folds), goal.name)))


def _refuse_results(path: Path) -> None:
    """Raises BenchError for a results folder, or one in it, which has records of another kind under the same name."""
    of_results = (f"{inner}{RECORD_FILE}" for inner in ("", "*/", "*/*/", "*/*/*/"))
    if any(_are_of_submissions(path.glob(pattern)) for pattern in of_results):
        mend = "`mswal-bench rank` and `tables --results` read it; to score, name the folder of the predictions."
        what = "is a results folder of evaluated submissions, not of predictions"
        raise BenchError(Problem(what, str(path), "a folder of label maps, or the work folder of a run", mend=mend))


def _are_of_submissions(records: Iterable[Path]) -> bool:
    """Whether the first of the records that can be read has the submission's form in it."""
    for record in records:
        try:
            content = json.loads(read_bytes(record))
        except (OSError, ValueError):
            continue
        return isinstance(content, dict) and {"form", "manifest_digest"} <= content.keys()
    return False


def _goal(work: Path, path: Path) -> PredictedGoal:
    from .run_record import read_run_record
    from .tracks import Track

    record = read_run_record(path)
    # The cases that folds held out lie together, whichever of the folds a call was about.
    folder = path.parent if record.track == Track.OFFICIAL_TEST else work / Track.PUBLIC_CV.value
    return PredictedGoal(work, folder_name(path.parent), record, folder / record.identity.method)


def folders_of_methods(
    paths: Sequence[Path], reference: Path, problems: list[Problem], notes: list[str]
) -> list[MethodFolder]:
    """The folder of predictions that each of `paths` stands for, to be scored against the label maps in `reference`.

    A run's folder stands for the goal that predicted most of the cases, of several that by most folds, which `notes`
    tell; its method is called as the method is, and by the run's name too where several are called so. Any other
    folder stands for itself. What cannot be found goes to `problems`.
    """
    cases = cases_in(reference)
    found: list[MethodFolder] = []
    goals: list[PredictedGoal | None] = []
    for path in paths:
        try:
            of_path = predicted_goals(path)
        except BenchError as error:
            problems += error.problems
            continue
        except OSError as error:
            problems.append(Problem(f"cannot be read ({error.strerror or error})", str(error.filename or path)))
            continue
        goal = _goal_of(cases, of_path, path, notes) if of_path else None
        goals.append(goal)
        found.append(_named(path, goal))
    for more in ("({run})", "({run}/{goal})"):
        times = Counter(folder.name for folder in found)
        found = [
            replace(folder, name=f"{goal.record.identity.method} {more.format(run=goal.run, goal=goal.name)}")
            if goal is not None and times[folder.name] > 1
            else folder
            for folder, goal in zip(found, goals, strict=True)
        ]
    return found


def _named(path: Path, goal: PredictedGoal | None) -> MethodFolder:
    return (
        MethodFolder(path, folder_name(path))
        if goal is None
        else MethodFolder(goal.predictions, goal.record.identity.method)
    )


def _goal_of(cases: Collection[str], goals: Sequence[PredictedGoal], path: Path, notes: list[str]) -> PredictedGoal:
    """The goal with predictions of most of the cases; the first of those that have as many."""
    having = {goal.predictions: len(cases_in(goal.predictions) & set(cases)) for goal in goals}
    shown = max(goals, key=lambda goal: having[goal.predictions])
    others = [
        goal.name
        for goal in goals
        if goal.predictions != shown.predictions and having[goal.predictions] == having[shown.predictions]
    ]
    if others:
        notes.append(f"{path}: scored is {shown.name}; there is also {', '.join(others)}")
    return shown
