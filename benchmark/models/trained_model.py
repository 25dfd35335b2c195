"""Opens the work folder of a run as what it has become: a trained method that predicts. Imports no torch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.baselines.method import Budget, Job, Method, MethodError
from mswal_bench.baselines.registry import find_variant, plug_in_of
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES, LesionClass, classes_of
from mswal_bench.benchmark.runs.method_choice import chosen_method
from mswal_bench.benchmark.runs.run_folder import STATE_FILE, RunFolder
from mswal_bench.benchmark.runs.run_identity import settings_digest
from mswal_bench.benchmark.runs.run_record import RunIdentity, RunState, TrainedOn
from mswal_bench.splits import five_folds

EXPECTED = f"the work folder of a run, with its {STATE_FILE}"


@dataclass(frozen=True)
class TrainedModel:
    """A method with the networks that a run has trained."""

    method: Method
    work: Path
    identity: RunIdentity
    """That of the run."""
    trained_on: TrainedOn
    folds: tuple[int, ...]
    """The folds whose ensemble predicts."""
    classes: tuple[LesionClass, ...]
    """What is found, by id."""

    @property
    def name(self) -> str:
        """For a sentence: `nnU-Net v2, trained on MSWAL, folds 0, 1, 2, 3 and 4`."""
        folds = [str(fold) for fold in self.folds]
        shown = f"fold {folds[0]}" if len(folds) == 1 else f"folds {', '.join(folds[:-1])} and {folds[-1]}"
        return f"{self.method.title}, trained on {self.identity.dataset}, {shown}"

    @property
    def knows_mswal(self) -> bool:
        """Whether it was trained on scans of MSWAL, which others can be compared with; a phantom's are none."""
        return self.classes == LESION_CLASSES and "phantom" not in self.identity.dataset.lower()

    def job(self, device: str, memory_bytes: int | None) -> Job:
        """What the method works on; `memory_bytes` is as of `Job`."""
        return Job(
            raw=self.trained_on.raw,
            work=self.work,
            folds=five_folds(self.trained_on.cases),
            budget=Budget(self.identity.budget),
            device=device,
            seed=self.identity.seed,
            memory_bytes=memory_bytes,
        )


def open_model(work: Path, fold: int | None = None) -> TrainedModel:
    """The method that was trained in the work folder of a run, with all folds that are trained to their end, or `fold`.

    Raises BenchError for a folder that is not that of a run, for a method that is not installed or would not be the one
    that was trained, and for folds that are not trained to their end.
    """
    if not (work / STATE_FILE).is_file():
        mend = "Model bundles and addresses of a hub are not read." if not work.is_dir() else ""
        found = "" if work.is_dir() else ("a file" if work.exists() else "no such folder")
        raise BenchError(Problem("is no trained model", str(work), EXPECTED, found, mend))
    state = RunFolder(work).state()
    method = _method_of(state.identity, work)
    problems = [*_changes(method, state.identity, work)]
    if state.trained_on is None:
        what = "the run does not say what its data were, as those of versions before 0.3 do not"
        problems.append(Problem(what, str(work), mend="Call `mswal-bench run` as before: it adds that and no more."))
    folds = _folds(method, state, work, fold, problems)
    if not os.access(work, os.W_OK):
        what = "the work folder cannot be written to, and the method keeps its log there"
        problems.append(Problem(what, str(work), mend="Copy it to a place of your own."))
    raise_if_any(problems)
    if state.trained_on is None:
        raise AssertionError("it is among the problems")
    classes = classes_of(state.trained_on.labels, str(work / STATE_FILE))
    return TrainedModel(method, work, state.identity, state.trained_on, folds, classes)


def _method_of(identity: RunIdentity, work: Path) -> Method:
    found = find_variant(identity.method)
    if found is not None:
        return chosen_method(*found)
    if identity.package is None:
        # As it says of a name that there is not.
        return chosen_method(identity.method)
    # A plug-in that is broken says why; of one that is gone, where to get it is told.
    mend = f"Install the package that the method comes from: {identity.package} {identity.package_version}."
    try:
        return chosen_method(identity.method)
    except BenchError as error:
        what = f"its method {identity.method} cannot be used"
        raise BenchError(*error.problems, Problem(what, str(work), mend=mend)) from error


def _changes(method: Method, identity: RunIdentity, work: Path) -> list[Problem]:
    """Why the method that is installed is not the one that was trained."""
    plug_in = plug_in_of(method)
    installed = (None, None) if plug_in is None else (plug_in.package, plug_in.version)
    if installed != (identity.package, identity.package_version):
        expected = f"{identity.package} {identity.package_version}" if identity.package else "mswal-bench's own"
        found = "mswal-bench's own" if plug_in is None else f"{plug_in.package} {plug_in.version}"
        what = f"the method {method.name} comes from another package or version than was trained"
        return [Problem(what, str(work), expected, found, "Install the version that was trained.")]
    if settings_digest(method, Budget(identity.budget), identity) != identity.settings_digest:
        what = f"the settings of {method.name} are not those that were trained"
        return [Problem(what, str(work), mend="Use the version of mswal-bench that trained it.")]
    return []


def _folds(method: Method, state: RunState, work: Path, fold: int | None, problems: list[Problem]) -> tuple[int, ...]:
    trained = sorted(
        number
        for number, sessions in state.training.items()
        if any(session.to_epoch == session.of_epochs for session in sessions)
    )
    if not trained or (fold is not None and fold not in trained):
        what = "no fold is trained to its end" if not trained else f"fold {fold} is not trained to its end"
        found = listed([f"fold {number}" for number in trained])
        problems.append(Problem(what, str(work), found=found, mend="`mswal-bench runs` says how far it is."))
        return ()
    chosen = tuple(trained) if fold is None else (fold,)
    try:
        files = method.trained_weights(work)
    except MethodError:
        # Not every method says where they are.
        return chosen
    problems += [
        Problem(f"the weights of fold {number} are gone", str(work), mend="Copy the whole work folder.")
        for number in chosen
        if number not in files
    ]
    return chosen
