"""Measures the highest scores that the grids of methods leave: every label there and back, scored by the protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from mswal_bench.baselines.label_grid import LabelGrid
from mswal_bench.baselines.processes import cores
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.worker_pool import worked_on
from mswal_bench.benchmark.data.dataset import Case, Dataset, open_dataset
from mswal_bench.benchmark.data.scoring_protocol import Protocol, protocol_of
from mswal_bench.benchmark.runs.tracks import Track, labels_of
from mswal_bench.benchmark.scoring.scores import MethodScores, ScoredCase, Scores

from .asked_grids import asked_grids
from .ceilings import Ceilings
from .cropped_case import CroppedCase, crop_case
from .lost_lesions import lost_lesions
from .returned_case import Returned, ReturnedCase, return_case

Work = TypeVar("Work")
Result = TypeVar("Result")
_FEWER = "Measure with fewer --jobs."


def method_ceilings(
    names: Sequence[str],
    data: Dataset | Path,
    *,
    track: Track = Track.PUBLIC_CV,
    jobs: int | None = None,
    progress: bool = False,
) -> Ceilings:
    """Measures the grids of methods, or of runs whose folders are named, on the cases of a track of a data set.

    A method without a run plans for the training cases, under the budget `paper`. Methods of one grid are measured
    once. `jobs` is the number of processes, one a core by default; `progress` shows bars on stderr. A case whose label
    map cannot be used is left out, and the scores say so.

    Raises BenchError for names that stand for nothing, for a folder that is no data set or lacks an image, where the
    track's labels are not there, and when nothing can be measured.
    """
    asked = asked_grids(names)
    dataset = data if isinstance(data, Dataset) else open_dataset(data)
    protocol = protocol_of(dataset)
    training, measured = list(dataset.train.values()), _labelled(dataset, track)
    cropped = crop_cases(measured, jobs=jobs, progress=progress)
    planned = [case.as_planned for case in cropped]
    if track is not Track.PUBLIC_CV and any(one.planned is None for one in asked):
        planned = [case.as_planned for case in crop_cases(training, jobs=jobs, progress=progress)]
    grids = {one.name: one.on(planned) for one in asked}
    distinct = list(dict.fromkeys(grids.values()))
    returned = return_cases(cropped, distinct, protocol, jobs=jobs, progress=progress)
    problems = tuple(problem for case in returned for problem in case.problems)
    if not any(case.of_grids for case in returned):
        raise BenchError(*problems)
    paths = {case.case.id: case.case.label for case in cropped}
    scores = {name: _method(name, distinct.index(grid), returned, paths, protocol) for name, grid in grids.items()}
    notes = tuple(note for case in returned for note in case.notes)
    keys = {lesion.id: lesion.key for lesion in protocol.lesion_classes}
    lost = {
        name: lost_lesions({case.case: case.of_grids[distinct.index(grid)] for case in returned if case.of_grids}, keys)
        for name, grid in grids.items()
    }
    of_runs = {one.name: one.method.name for one in asked if one.planned is not None}
    return Ceilings(
        Scores(protocol, scores, notes=notes, problems=problems), grids, lost, of_runs, track, len(training)
    )


def _labelled(dataset: Dataset, track: Track) -> list[Case]:
    """The cases of a track. Raises BenchError where there are none, or none with labels."""
    labels = labels_of(dataset, track)
    cases = list((dataset.train if track is Track.PUBLIC_CV else dataset.test).values())
    if not cases:
        raise BenchError(Problem(f"there is no case of the track {track}", str(labels)))
    return cases


def crop_cases(cases: Sequence[Case], *, jobs: int | None = None, progress: bool = False) -> list[CroppedCase]:
    """Looks at the image of each case. Raises BenchError with the problems of all: plans are made of every image."""
    found: dict[str, CroppedCase] = {}
    with progress_bar("images", "case", shown=progress) as report:
        for case in worked_on(cases, partial(_guarded, crop_case, _not_cropped), lost=_crop_lost, jobs=jobs or cores()):
            found[case.case.id] = case
            report(len(found), len(cases), "")
    raise_if_any([problem for case in cases for problem in found[case.id].problems])
    return [found[case.id] for case in cases]


def return_cases(
    cropped: Sequence[CroppedCase],
    grids: Sequence[LabelGrid],
    protocol: Protocol,
    *,
    jobs: int | None = None,
    progress: bool = False,
) -> list[ReturnedCase]:
    """What comes back of each case's labels, in the order of the cases."""
    found: dict[str, ReturnedCase] = {}
    do = partial(_guarded, partial(return_case, grids=grids, protocol=protocol), _not_returned)
    with progress_bar("labels", "case", shown=progress) as report:
        for case in worked_on(cropped, do, lost=_return_lost, jobs=jobs or cores()):
            found[case.case] = case
            report(len(found), len(cropped), "")
    return [found[case.case.id] for case in cropped]


def _method(
    name: str, number: int, returned: Sequence[ReturnedCase], paths: Mapping[str, Path | None], protocol: Protocol
) -> MethodScores:
    by_case: dict[str, ScoredCase] = {}
    for case in returned:
        if case.of_grids:
            of_grid: Returned = case.of_grids[number]
            by_case[case.case] = ScoredCase(
                case.case, of_grid.score, reference=paths[case.case], geometry=case.geometry
            )
    failed = tuple(case.case for case in returned if not case.of_grids)
    return MethodScores(name, protocol, by_case, failed)


def _guarded(do: Callable[[Work], Result], failed: Callable[[Work, str, str], Result], work: Work) -> Result:
    try:
        return do(work)
    except MemoryError:
        return failed(work, "there is not enough memory for it", _FEWER)
    except Exception as error:  # What one case does must not cost the others.
        what = f"it cannot be measured ({type(error).__name__}: {error})"
        return failed(work, what, "This is a fault of mswal-bench: please report it.")


_ENDED = "its process was ended from outside, most often for lack of memory"


def _crop_lost(case: Case) -> CroppedCase:
    return _not_cropped(case, _ENDED, _FEWER)


def _return_lost(cropped: CroppedCase) -> ReturnedCase:
    return _not_returned(cropped, _ENDED, _FEWER)


def _not_cropped(case: Case, what: str, mend: str) -> CroppedCase:
    return CroppedCase(case, problems=(Problem(f"case {case.id}: {what}", str(case.image), mend=mend),))


def _not_returned(cropped: CroppedCase, what: str, mend: str) -> ReturnedCase:
    case = cropped.case
    return ReturnedCase(case.id, problems=[Problem(f"case {case.id}: {what}", str(case.label), mend=mend)])
