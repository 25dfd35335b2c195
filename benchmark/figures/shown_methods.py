"""Finds the predictions of a case that a figure shows, in folders of predictions or in the folders of runs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mswal_bench.baselines.plug_ins import PlugInError
from mswal_bench.baselines.registry import find_method
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed
from mswal_bench.benchmark.core.litter import visible
from mswal_bench.benchmark.core.suggestions import apart, looks, written_otherwise
from mswal_bench.benchmark.runs.predicted_goals import PredictedGoal, predicted_goals
from mswal_bench.benchmark.runs.run_record import RunRecord
from mswal_bench.benchmark.scoring.case_folders import folder_name, meant_folder
from mswal_bench.benchmark.tables.escaping import unicode_name
from mswal_bench.benchmark.volumes.file_names import case_id


@dataclass(frozen=True)
class ShownMethod:
    """Names one method's prediction of the case."""

    title: str
    prediction: Path
    origin: str
    """Tells methods of the same title apart: the name of the run's folder, or of the folder above the predictions."""
    work: Path | None = None
    """Is the run's folder; None for a folder of predictions."""
    record: RunRecord | None = None
    """Is the record of the run that predicted the case; None for a folder of predictions."""


def shown_methods(
    runs: Sequence[Path], case: str, problems: list[Problem], notes: list[str]
) -> tuple[ShownMethod, ...]:
    """Finds the prediction of the case in each of `runs`: a folder of predictions, a run's folder, or a goal's in it.

    A run may have predicted the case several times. The prediction by the most folds is taken, then the one by the
    lowest fold, and `notes` says so. Predictions that cannot be found are added to `problems`.
    """
    found = []
    for path in runs:
        try:
            found.append(_shown(path, case, notes))
        except BenchError as error:
            problems += error.problems
        except OSError as error:
            problems.append(Problem(f"cannot be read ({error.strerror or error})", str(error.filename or path)))
    titles = Counter(looks(method.title) for method in found)
    found = [
        replace(method, title=f"{method.title} ({method.origin})") if titles[looks(method.title)] > 1 else method
        for method in found
    ]
    for title, count in Counter(looks(method.title) for method in found).items():
        if count > 1:
            where = ", ".join(apart([str(method.prediction) for method in found if looks(method.title) == title]))
            mend = "Rename a folder, or link to it under another name."
            problems.append(Problem(f"several methods are called {title!r}", where, mend=mend))
    return tuple(found)


def prediction_of(folder: Path, case: str, kind: str = "prediction") -> Path:
    """Returns the file of the case in a folder. Raises BenchError when there is none, or more than one.

    `kind` is what the error calls the file.
    """
    found = _file(folder, case)
    if found is None:
        cases = _cases_in(folder)
        mend = written_otherwise(case, cases) if cases else meant_folder(folder)
        raise BenchError(Problem(f"no {kind} of the case {case}", str(folder), f"{case}.nii.gz", _inside(folder), mend))
    return found


def _shown(path: Path, case: str, notes: list[str]) -> ShownMethod:
    if not path.is_dir():
        what = "not a folder" if path.exists() else "no such folder"
        raise BenchError(Problem(what, str(path), "a folder of predictions, or the work folder of a run"))
    goals = predicted_goals(path)
    if goals:
        return _of_run(goals, path, case, notes)
    prediction = prediction_of(path, case)
    place = Path(os.path.abspath(path))  # noqa: PTH100 (a link's own name is the one the user chose)
    return ShownMethod(_title(place), prediction, folder_name(place.parent))


def _title(place: Path) -> str:
    """Of the method that a folder is named after; else the folder's name."""
    try:
        method = find_method(place.name)
    except PlugInError:
        method = None
    return folder_name(place) if method is None else method.title


def _of_run(goals: Sequence[PredictedGoal], shown: Path, case: str, notes: list[str]) -> ShownMethod:
    candidates = [(goal, prediction) for goal in goals if (prediction := _file(goal.predictions, case)) is not None]
    if not candidates:
        what = f"the run has no prediction of the case {case}"
        raise BenchError(Problem(what, str(shown), found=listed(sorted(goal.name for goal in goals))))
    goal, prediction = candidates[0]
    others = ", ".join(other.name for other, its_own in candidates if its_own != prediction)
    if others:
        notes.append(f"{shown}: the figure shows the prediction of {goal.name}; there is also one of {others}")
    return ShownMethod(goal.record.title, prediction, goal.run, goal.work, goal.record)


def _file(folder: Path, case: str) -> Path | None:
    """Returns the file of the case; None when there is none or no folder. Raises BenchError when there are two."""
    if not folder.is_dir():
        return None
    # Users name a case as tables print it.
    name = unicode_name(case)
    files = [entry for entry in visible(folder) if unicode_name(case_id(entry.name) or "") == name]
    if len(files) > 1:
        found = " and ".join(file.name for file in files)
        raise BenchError(Problem("two files for one case", str(folder), "one", found, "Remove one of them."))
    return files[0] if files else None


def _inside(folder: Path) -> str:
    return listed(_cases_in(folder), 4) or "no label map"


def _cases_in(folder: Path) -> list[str]:
    return sorted(name for entry in visible(folder) if (name := case_id(entry.name)))
