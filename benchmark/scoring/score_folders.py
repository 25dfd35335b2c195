"""Scores prediction folders against a folder of reference labels, or prediction files against one reference file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path

from mswal_bench.baselines.processes import cores
from mswal_bench.benchmark.core.claims import remove_abandoned
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.worker_pool import worked_on
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1, Protocol, protocol_of_label_maps
from mswal_bench.benchmark.volumes.file_names import case_id

from .case_folders import CaseFolder, MethodFolder, Pairing, pair
from .case_store import ResultStore, StoreError
from .file_pairs import pair_files
from .score_files import CaseOutcome, CaseToScore, score_case_files
from .scores import MethodScores, ScoredCase, Scores

STORE_FOLDER = "cases"
"""The folder in `out` that keeps the scores of single cases."""


def score_folders(
    predictions: Sequence[Path | MethodFolder],
    reference: Path,
    *,
    cases: Collection[str] | None = None,
    jobs: int | None = None,
    allow_missing: bool = False,
    details: bool = False,
    out: Path | None = None,
    progress: bool = False,
    protocol: Protocol | None = None,
) -> Scores:
    """Scores each prediction folder, a method named after the folder, against the label maps in `reference`.

    Where `reference` is one label map, `predictions` are files of its case, methods named after the files.

    With `cases` only those are scored, whatever else both sides have. `jobs` is the number of processes, by default
    one a core; the numbers do not depend on it. With `allow_missing` a case without a prediction counts as predicted
    empty, and the scores say so. `details` adds what is reported and never ranked, of which NSD and HD95 take their
    time. What was scored before into the folder `out` is not scored again. `progress` shows a bar on stderr. The
    protocol is by default that of the reference, `protocol_of_label_maps`.

    A file that is wrong costs the scores that need it; they are left out, and the scores say so. One of several
    folders that is not complete costs itself. The scores have the problems.

    Raises BenchError when the folders do not fit together, when the labels cannot be scored, when `out` cannot be
    written, and with every problem of every file when nothing can be scored.
    """
    protocol, wrong = _protocol(reference, protocol)
    try:
        if _is_one_file(reference, predictions):
            pairing = pair_files(predictions, reference)
        else:
            pairing = pair(predictions, reference, allow_missing=allow_missing, cases=cases)
    except BenchError as error:
        raise BenchError(*error.problems, *wrong) from error
    raise_if_any(wrong)
    if out is not None:
        _refuse_to_write_into(pairing, out)
    outcomes = _outcomes(pairing, protocol, details, out, jobs or cores(), progress)
    problems = (*pairing.problems, *(problem for outcome in outcomes for problem in outcome.problems))
    if not any(outcome.scores for outcome in outcomes):
        raise BenchError(*problems)
    return Scores(
        protocol,
        {folder.name: _method(pairing.reference, folder, outcomes, protocol) for folder in pairing.predictions},
        left_out=pairing.left_out,
        notes=_notes(pairing, outcomes, out),
        problems=problems,
    )


def score_cases(
    work: Sequence[CaseToScore],
    protocol: Protocol,
    *,
    details: bool,
    store: ResultStore | None,
    jobs: int,
    score: Callable[..., CaseOutcome] = score_case_files,
) -> Iterator[CaseOutcome]:
    """Yields the outcome of every case, in any order, as soon as it is there; `jobs` is the number of processes.

    A case that takes its process down with it costs no more than itself. `score` does the work of one, with the options
    of `score_case_files`. Raises StoreError, and BenchError when no process can be started.
    """
    of_case = partial(_guarded, partial(score, protocol=protocol, details=details, store=store))
    return worked_on(work, of_case, lost=_ended, jobs=jobs)


def _protocol(reference: Path, given: Protocol | None) -> tuple[Protocol, tuple[Problem, ...]]:
    """The protocol to score by, and what is wrong with the reference's labels, by which nothing can be scored."""
    try:
        return given or protocol_of_label_maps(reference), ()
    except BenchError as error:
        return MSWAL_1, error.problems


def _is_one_file(reference: Path, predictions: Sequence[Path | MethodFolder]) -> bool:
    """Whether a file is meant by the reference; of what is not there its name tells, or what is to be scored."""
    if reference.exists():
        return not reference.is_dir()
    paths = [each.path if isinstance(each, MethodFolder) else each for each in predictions]
    return case_id(reference.name) is not None or all(path.is_file() for path in paths)


def _refuse_to_write_into(pairing: Pairing, out: Path) -> None:
    for folder in (pairing.reference, *pairing.predictions):
        if out.resolve() == folder.path.resolve():
            what = "the scores would be written among the label maps"
            raise BenchError(Problem(what, str(out), mend="Name another folder with --out."))


def _outcomes(
    pairing: Pairing, protocol: Protocol, details: bool, out: Path | None, jobs: int, progress: bool
) -> list[CaseOutcome]:
    """The outcome of every case, in the order of the reference's."""
    store = ResultStore(out / STORE_FOLDER, protocol) if out is not None else None
    if store is not None:
        # What is scored by now is not written again.
        remove_abandoned(store.folder)
    work = [
        CaseToScore(case, path, {folder.name: folder.files.get(case) for folder in pairing.predictions})
        for case, path in pairing.reference.files.items()
    ]
    outcomes: dict[str, CaseOutcome] = {}
    with progress_bar("score", "case", shown=progress) as report:
        try:
            for outcome in score_cases(work, protocol, details=details, store=store, jobs=jobs):
                outcomes[outcome.case] = outcome
                report(len(outcomes), len(work), "")
        except StoreError as error:
            raise BenchError(Problem(*error.args)) from error
    return [outcomes[files.case] for files in work]


def _method(
    reference: CaseFolder, folder: CaseFolder, outcomes: Sequence[CaseOutcome], protocol: Protocol
) -> MethodScores:
    by_case = {
        outcome.case: ScoredCase(
            outcome.case,
            outcome.scores[folder.name],
            is_missing=outcome.case not in folder.files,
            reference=reference.files[outcome.case],
            prediction=folder.files.get(outcome.case),
            geometry=outcome.geometry,
        )
        for outcome in outcomes
        if folder.name in outcome.scores
    }
    failed = tuple(outcome.case for outcome in outcomes if outcome.case not in by_case)
    return MethodScores(folder.name, protocol, by_case, failed)


def _notes(pairing: Pairing, outcomes: Sequence[CaseOutcome], out: Path | None) -> tuple[str, ...]:
    notes = [*pairing.notes, *(note for outcome in outcomes for note in outcome.notes)]
    reused = sum(outcome.reused for outcome in outcomes)
    if reused:
        every = sum(len(outcome.scores) for outcome in outcomes)
        notes.append(f"{reused} of {every} scores were in {out} already and taken from there")
    return tuple(notes)


def _guarded(score: Callable[[CaseToScore], CaseOutcome], files: CaseToScore) -> CaseOutcome:
    try:
        return score(files)
    except StoreError:
        raise
    except MemoryError:
        return _failed(files, "there is not enough memory to score it", "Score with fewer --jobs.")
    except Exception as error:  # What one case does to the scorer must not cost the others.
        what = f"scoring it failed ({type(error).__name__}: {error})"
        return _failed(files, what, "This is a fault of mswal-bench: please report it.")


def _ended(files: CaseToScore) -> CaseOutcome:
    what = "its scoring process was ended from outside, most often for lack of memory"
    return _failed(files, what, "Is a file of it far larger than the others?")


def _failed(files: CaseToScore, what: str, mend: str) -> CaseOutcome:
    return CaseOutcome(files.case, problems=[Problem(f"case {files.case}: {what}", str(files.reference), mend=mend)])
