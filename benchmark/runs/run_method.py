"""Runs a method: prepare, train, predict, score, record. Called again after any interruption, it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mswal_bench.baselines.failures import as_method_error
from mswal_bench.baselines.method import Budget, Job, Method
from mswal_bench.baselines.stop_request import StoppedError
from mswal_bench.baselines.worker_memory import gb, room_for_workers
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.whole_files import require_unicode, write_text
from mswal_bench.benchmark.data.dataset import Dataset, open_dataset
from mswal_bench.benchmark.data.scoring_protocol import Protocol, protocol_of
from mswal_bench.benchmark.scoring.labels_digest import labels_digest
from mswal_bench.benchmark.scoring.score_folders import score_folders
from mswal_bench.benchmark.scoring.scores import Scores
from mswal_bench.benchmark.volumes.file_names import RAW_SUFFIXES, split_ending
from mswal_bench.splits import five_folds

from .devices import pick_device, pick_devices
from .failures_told import error_of_method
from .finished_goals import RECORD_FILE
from .input_check import check_input
from .method_choice import require_training_packages
from .pretrained import Pretrained
from .run_folder import RunFolder
from .run_identity import run_identity
from .run_progress import forget_failure, keep_failure
from .run_record import RunRecord, RunState, Start, TrainedOn, now, read_run_record
from .shared_preparation import shared_preparation
from .stages import ALL_OF_IT, Part, Stage
from .steps import Steps
from .tracks import ALL_FOLDS, Goal, Shard, Track, check_goal


@dataclass(frozen=True)
class RunOutcome:
    """Where a finished run's results lie."""

    stage: Stage
    """How far the call went. The record is there when it is the last."""
    predictions: Path
    record: Path
    scores: Scores | None = None
    """None when the data set has no labels of the predicted cases, when everything was finished before, and before the
    last stage."""
    finished_before: bool = False


def run_method(
    method: Method,
    raw: Path,
    work: Path,
    *,
    budget: Budget = Budget.PAPER,
    track: Track = Track.OFFICIAL_TEST,
    selection: str = ALL_FOLDS,
    device: str = "auto",
    devices: Sequence[str] = (),
    seed: int = 0,
    memory_bytes: int | None = None,
    start: Pretrained | None = None,
    check: bool = True,
    part: Part = ALL_OF_IT,
    announce: Callable[[str], None] = lambda sentence: None,
) -> RunOutcome:
    """Runs `method` on the data set in `raw`, keeping everything in `work`.

    `selection` is a fold, `0` to `4`, several, `0,1`, or `all` five. Trained folds serve both tracks. `device` is
    `cpu`, `cuda` or `auto`; with `devices` (GPU numbers as nvidia-smi counts, or `cpu` for each process) a process on
    each trains and predicts instead of this one. `memory_bytes` is what the run may take, of this process and those it
    starts; None is what is free. With `start` training begins with its weights, as far as they fit.
    Every image and label that the run uses is read before it begins, unless not `check`. `announce` is told sentences
    for the user on the way.

    `part` is what this call does of it, by default all.

    Raises BenchError for what the user can mend, before anything is begun where possible, and StoppedError when the
    process was asked to stop and has kept what was done.
    """
    require_unicode(raw, work)
    require_training_packages(method)
    crew = pick_devices(devices) if devices else ()
    dataset = open_dataset(raw)
    protocol = protocol_of(dataset)
    goal = Goal(dataset, track, selection)
    check_goal(goal)
    if len(crew) > 1 and len(goal.folds) == 1:
        raise BenchError(
            Problem(
                "one fold trains on one device",
                "--devices",
                "one",
                str(len(crew)),
                "Name one of them, or spread five folds over them with --fold all.",
            )
        )
    job = Job(
        raw=raw,
        work=work,
        folds=five_folds(dataset.train),
        budget=budget,
        device=crew[0].kind if crew else pick_device(device),
        seed=seed,
        start=None if start is None else start.file,
        memory_bytes=memory_bytes,
    )
    folder = RunFolder(work)
    begun = folder.is_begun
    identity = run_identity(method, dataset, budget, seed, start, folder.state().identity if begun else None)
    folder.refuse_another(identity)
    if begun:
        _keep_data(folder, dataset)
    outcome, predictions = work / goal.name, work / goal.predictions / method.name
    record = outcome / RECORD_FILE
    if is_finished(record, goal):
        return RunOutcome(Stage.RECORD, predictions, record, finished_before=True)
    prepared_by = None if begun and folder.state().prepared is not None else part.prepared_by
    prepared_run = None if prepared_by is None else shared_preparation(method, identity, prepared_by)
    if check and not begun:
        # Before the folder is this run's: mended files are other files, and so make another run.
        check_input(raw, work, parts=goal.parts, announce=announce)
    if part.last is Stage.CHECK:
        if check and begun:
            check_input(raw, work, parts=goal.parts, announce=announce)
        return RunOutcome(part.last, predictions, record)
    if memory_bytes is not None and (room := room_for_workers()).bytes < memory_bytes:
        announce(f"warning: {gb(memory_bytes)} of memory were given, and {room.reason}")
    folder.open(identity)
    _keep_data(folder, dataset)
    with folder.holding(_held(goal, part), patience_s=part.patience_s), _failure_told(work, goal, part.shard):
        if check and begun:
            check_input(raw, work, parts=goal.parts, announce=announce)
        steps = Steps(method, replace(job, prepared=prepared_by), folder, crew)
        steps.prepare(prepared_run)
        if (fit := folder.state().fit) is not None:
            announce(str(fit))
        _train_and_predict(steps, goal, predictions, part)
        if part.last is not Stage.RECORD:
            return RunOutcome(part.last, predictions, record)
        digest = _labels_digest(goal)
        scores = _score(goal, protocol, predictions, outcome)
        _write_record(record, method, goal, start, folder.state(), scores, digest)
    return RunOutcome(Stage.RECORD, predictions, record, scores)


def _train_and_predict(steps: Steps, goal: Goal, predictions: Path, part: Part) -> None:
    if part.last is Stage.PREPARE:
        return
    if part.shard is not None:
        _require_trained(steps, goal)
        steps.predict_shard(goal, part.shard, predictions)
        return
    if part.score_only:
        _require_trained(steps, goal)
        raise_if_any(steps.unpredicted(goal, predictions))
    steps.train(goal.folds)
    if part.last is not Stage.TRAIN:
        steps.predict(goal, predictions)


def _held(goal: Goal, part: Part) -> list[str]:
    """What no other call may be at work on meanwhile."""
    if part.shard is not None:
        return [f"{part.shard} of {goal.name}"]
    # Calls that prepare wait for one another.
    return [] if part.last is Stage.PREPARE else [f"fold {fold}" for fold in goal.folds]


def _require_trained(steps: Steps, goal: Goal) -> None:
    raise_if_any(
        Problem(
            f"fold {fold} is not trained to its end", str(steps.job.work), mend="Train it first, with --until train."
        )
        for fold in goal.folds
        if not steps.is_trained(fold)
    )


def _labels_digest(goal: Goal) -> str | None:
    """Of the labels to score against; None when there are none."""
    if goal.labels is None:
        return None
    return labels_digest({case: files.label for case, files in goal.references.items() if files.label is not None})


def is_finished(record: Path, goal: Goal) -> bool:
    """Whether nothing is left to do; labels that came or changed after the record was written are to be scored."""
    if not record.exists():
        return False
    scored = read_run_record(record).labels_digest
    return goal.labels is None or scored == _labels_digest(goal)


@contextmanager
def _failure_told(work: Path, goal: Goal, shard: Shard | None) -> Iterator[None]:
    if shard is None:
        # Another shard's failure stays until the goal is gone on with.
        forget_failure(work, goal.name)
    try:
        yield
    except StoppedError:
        raise
    except BenchError as error:
        keep_failure(work, goal.name, " ".join(str(replace(problem, where="")) for problem in error.problems))
        raise
    except Exception as error:
        known = as_method_error(error, work)
        keep_failure(work, goal.name, str(known) if known is not None else f"{type(error).__name__}: {error}")
        told = error_of_method(error, work)
        if told is not None:
            raise told from error
        raise


def _keep_data(folder: RunFolder, dataset: Dataset) -> None:
    """Keeps what is needed of the data set when it is gone; a run of an earlier version may not have it."""
    if folder.state().trained_on is not None or not isinstance(dataset.labels, Mapping):
        return
    _, ending = split_ending(next(iter(dataset.train.values())).image.name, RAW_SUFFIXES)
    with folder.changing() as state:
        state.trained_on = TrainedOn(
            raw=dataset.root.absolute(), file_ending=ending, labels=dict(dataset.labels), cases=tuple(dataset.train)
        )


def _score(goal: Goal, protocol: Protocol, predictions: Path, out: Path) -> Scores | None:
    if goal.labels is None:
        return None
    scores = score_folders([predictions], goal.labels, cases=goal.cases, out=out, progress=True, protocol=protocol)
    raise_if_any(scores.problems)
    scores = replace(scores, track=goal.title)
    scores.save(out)
    return scores


def _write_record(
    path: Path,
    method: Method,
    goal: Goal,
    start: Pretrained | None,
    state: RunState,
    scores: Scores | None,
    digest: str | None,
) -> None:
    if state.prepared is None or state.parameters is None:
        raise AssertionError("a record is written after the run's steps")
    budget = Budget(state.identity.budget)
    sessions = {fold: state.training[fold] for fold in goal.folds}
    predicted = state.predicted[goal.name]
    used = {state.prepared.environment, predicted.environment, *predicted.other_environments}
    used |= {session.environment for of_fold in sessions.values() for session in of_fold}
    record = RunRecord(
        created_at=now(),
        identity=state.identity,
        title=method.title,
        publication=method.publication,
        settings=dict(method.settings(budget)),
        card=asdict(method.card),
        parameters=state.parameters,
        track=goal.track,
        folds=list(goal.folds),
        epochs=method.epochs(budget),
        environments={key: environment for key, environment in state.environments.items() if key in used},
        prepared=state.prepared,
        prepared_by=state.prepared_by,
        start=_start(start, state),
        training=sessions,
        statistics_batches={fold: batches for fold, batches in state.statistics_batches.items() if fold in goal.folds},
        resumed_from_epochs={
            fold: [session.from_epoch for session in of_fold if session.from_epoch > 0]
            for fold, of_fold in sessions.items()
        },
        predicted=predicted,
        cases=len(goal.cases),
        scores=scores.summary() if scores is not None else None,
        labels_digest=digest,
    )
    write_text(path, record.model_dump_json(indent=2) + "\n")


def _start(pretrained: Pretrained | None, state: RunState) -> Start | None:
    if pretrained is None or state.fit is None:
        return None
    return Start(run=pretrained.run, fold=pretrained.fold, digest=pretrained.digest, fit=state.fit)
