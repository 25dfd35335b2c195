"""A run: prepare, train, predict, score, record. Called again after any interruption, it goes on from what is done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

from ...baselines.method import Budget, Job, Method, MethodError
from ...splits import N_FOLDS, five_folds
from ..dataset import Dataset, open_dataset
from ..errors import BenchError, Problem, raise_if_any
from ..files import write_text
from ..progress import progress_bar
from ..scoring.score_folders import score_folders
from ..scoring.score_result import ScoreResult, write_scores
from ..scoring.score_table import ScoreTable
from .environment import describe_environment
from .run_folder import RunFolder
from .run_record import Prediction, RunIdentity, RunRecord, RunState, Step, TrainingSession, now

ALL_FOLDS = "all"


@dataclass(frozen=True)
class RunOutcome:
    """Where a finished run's results lie."""

    predictions: Path
    record: Path
    scores: ScoreResult | None
    """None when the data set has no test labels, or when everything was finished before."""
    finished_before: bool


def run_method(
    method: Method,
    raw: Path,
    work: Path,
    *,
    variant: str | None = None,
    budget: Budget = Budget.PAPER,
    selection: str = ALL_FOLDS,
    device: str = "auto",
    seed: int = 0,
) -> RunOutcome:
    """Runs `method` on the data set in `raw`, keeping everything in `work`.

    `selection` is a fold, `0` to `4`, or `all`: then five are trained and their ensemble predicts. `device` is `cpu`,
    `cuda` or `auto`. Raises BenchError for what the user can mend, before anything is written where possible.
    """
    if variant is not None:
        method = _variant(method, variant)
    _require_training_packages()
    device = _device(device)
    dataset = open_dataset(raw)
    folds = list(range(N_FOLDS)) if selection == ALL_FOLDS else [int(selection)]
    if len(dataset.train) < N_FOLDS:
        raise BenchError(
            Problem(
                "too few training cases", str(raw), f"{N_FOLDS} or more, to cut into folds", str(len(dataset.train))
            )
        )
    if not dataset.test:
        raise BenchError(Problem("there is no test image to predict", str(raw / "imagesTs"), "at least one"))
    identity = RunIdentity(
        method=method.name,
        budget=budget,
        seed=seed,
        dataset=dataset.name,
        split_digest=dataset.split.digest,
        files_digest=_files_digest(dataset),
        settings_digest=_digest(json.dumps(method.settings(budget), sort_keys=True)),
    )
    folder = RunFolder(work)
    outcome = folder.outcome(selection)
    predictions, record = outcome / method.name, outcome / "record.json"
    with folder.locked():
        state = folder.open_state(identity)
        if _is_finished(record, dataset):
            return RunOutcome(predictions, record, None, finished_before=True)
        folder.keep(state)
        job = Job(raw, work, five_folds(dataset.train), budget, device, seed)
        with _as_bench_error(work):
            _prepare(method, job, folder, state)
            for fold in folds:
                _train(method, job, fold, folder, state)
            _predict(method, job, folds, dataset, predictions, folder, state, selection)
        scores = _score(dataset, predictions, outcome)
        _write_record(record, method, folds, dataset, state, selection, scores.table if scores is not None else None)
    return RunOutcome(predictions, record, scores, finished_before=False)


def _is_finished(record: Path, dataset: Dataset) -> bool:
    """Whether nothing is left to do; labels that came after the record was written are still to be scored."""
    if not record.exists():
        return False
    scored = RunRecord.model_validate_json(record.read_text(encoding="utf-8")).scores is not None
    return scored or dataset.test_labels is None


def _prepare(method: Method, job: Job, folder: RunFolder, state: RunState) -> None:
    if state.prepared is not None:
        return
    started, clock = now(), monotonic()
    with progress_bar("1/3 prepare", "step") as report:
        method.prepare(job, report)
    state.prepared = Step(started_at=started, wall_s=monotonic() - clock)
    folder.keep(state)


def _train(method: Method, job: Job, fold: int, folder: RunFolder, state: RunState) -> None:
    done = method.epochs_done(job, fold)
    if done == method.epochs(job.budget):
        return
    clock = monotonic()
    session = TrainingSession(
        started_at=now(), from_epoch=done, device=job.device, environment=describe_environment(job.device)
    )
    sessions = state.training.setdefault(fold, [])
    sessions.append(session)
    folder.keep(state)
    with progress_bar(f"2/3 train fold {fold}", "it") as report:
        method.train(job, fold, report)
    session.wall_s = monotonic() - clock
    folder.keep(state)


def _predict(
    method: Method,
    job: Job,
    folds: Sequence[int],
    dataset: Dataset,
    out: Path,
    folder: RunFolder,
    state: RunState,
    selection: str,
) -> None:
    images = {case.id: case.image for case in dataset.test.values()}
    # The files are looked for as well: someone may have deleted one.
    if selection in state.predicted and all((out / f"{case}.nii.gz").exists() for case in images):
        return
    started, clock = now(), monotonic()
    with progress_bar("3/3 predict", "case") as report:
        method.predict(job, folds, images, out, report)
    state.predicted[selection] = Prediction(
        started_at=started, wall_s=monotonic() - clock, environment=describe_environment(job.device)
    )
    folder.keep(state)


def _score(dataset: Dataset, predictions: Path, out: Path) -> ScoreResult | None:
    if dataset.test_labels is None:
        return None
    result = score_folders([predictions], dataset.test_labels, progress=True)
    raise_if_any(result.problems)
    write_scores(result, out)
    return result


def _write_record(
    path: Path,
    method: Method,
    folds: list[int],
    dataset: Dataset,
    state: RunState,
    selection: str,
    table: ScoreTable | None,
) -> None:
    if state.prepared is None:
        raise AssertionError("a record is written after the run's steps")
    budget = Budget(state.identity.budget)
    sessions = {fold: state.training[fold] for fold in folds}
    record = RunRecord(
        created_at=now(),
        identity=state.identity,
        title=method.title,
        publication=method.publication,
        settings=dict(method.settings(budget)),
        folds=folds,
        epochs=method.epochs(budget),
        prepared=state.prepared,
        training=sessions,
        resumed_from_epochs={
            fold: [session.from_epoch for session in of_fold if session.from_epoch > 0]
            for fold, of_fold in sessions.items()
        },
        predicted=state.predicted[selection],
        test_cases=len(dataset.test),
        scores=table.to_json() if table is not None else None,
    )
    write_text(path, record.model_dump_json(indent=2) + "\n")


def _variant(method: Method, variant: str) -> Method:
    variants = method.variants()
    if variant not in variants:
        known = ", ".join(variants) or "none"
        raise BenchError(Problem(f"{method.name} has no variant {variant!r}", expected=f"one of: {known}"))
    return variants[variant]


def _require_training_packages() -> None:
    missing = [name for name in ("torch", "nnunetv2") if find_spec(name) is None]
    if missing:
        raise BenchError(
            Problem(
                f"training needs packages that are not installed: {', '.join(missing)}",
                mend='Install them with: pip install -c constraints.txt "mswal-bench[train]"',
            )
        )


def _device(device: str) -> str:
    if device == "cpu":
        return device
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise BenchError(
            Problem("torch sees no CUDA device", expected="a GPU for --device cuda", mend="Use --device cpu or auto.")
        )
    return "cpu"


def _files_digest(dataset: Dataset) -> str:
    """Test labels are left out: they may come later, and nothing that is kept depends on them."""
    files = [path for case in dataset.train.values() for path in (case.image, case.label) if path is not None]
    files += [case.image for case in dataset.test.values()]
    return _digest("".join(f"{path.relative_to(dataset.root)} {path.stat().st_size}\n" for path in files))


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def _as_bench_error(work: Path) -> Iterator[None]:
    try:
        yield
    except MethodError as error:
        raise BenchError(Problem(str(error), str(work))) from error
    except Exception as error:
        error.add_note(f"What the method printed before is in the log.txt below {work}.")
        raise
