"""Defines `TrainedModel`, and opens the work folder of a run as what it has become: one. Imports no torch."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.baselines.method import Budget, Job, Method, MethodError
from mswal_bench.baselines.registry import find_variant, plug_in_of
from mswal_bench.benchmark.core.digests import joint_digest
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES, LesionClass, classes_of
from mswal_bench.benchmark.runs.method_choice import chosen_method
from mswal_bench.benchmark.runs.run_folder import STATE_FILE, RunFolder
from mswal_bench.benchmark.runs.run_identity import settings_digest
from mswal_bench.benchmark.runs.run_record import RunIdentity, RunState, TrainedOn
from mswal_bench.splits import five_folds

from .bundle_form import folds_text

EXPECTED = f"the work folder of a run, with its {STATE_FILE}"


@dataclass(frozen=True)
class TrainedModel(ABC):
    """A method with trained networks."""

    method: Method
    place: Path
    """The work folder or the file that it is in."""
    dataset: str
    """The name of the data set that it was trained on."""
    file_ending: str
    """Of the images that it reads."""
    folds: tuple[int, ...]
    """The folds whose ensemble predicts."""
    classes: tuple[LesionClass, ...]
    """What is found, by id."""
    identity: RunIdentity | None
    """That of the run that trained it; None where no run did."""
    digest: str
    """Tells it from other models: of a bundle its own, of a run that of when its folds were trained."""

    @property
    def name(self) -> str:
        """For a sentence: `nnU-Net v2, trained on MSWAL, folds 0, 1, 2, 3 and 4`."""
        return f"{self.method.title}, trained on {self.dataset}, {folds_text(self.folds)}"

    @property
    def knows_mswal(self) -> bool:
        """Whether it was trained on scans of MSWAL, which others can be compared with; a phantom's are none."""
        return self.classes == LESION_CLASSES and "phantom" not in self.dataset.lower()

    @abstractmethod
    def statistics_batches(self) -> dict[int, int]:
        """By fold, as of `RunRecord`. May import torch. Raises BenchError for weights that cannot be read."""

    @abstractmethod
    def job(self, device: str, memory_bytes: int | None, scratch: Path) -> Job:
        """What the method works on; `memory_bytes` is as of `Job`, and `scratch` an empty folder for the while."""


@dataclass(frozen=True)
class RunModel(TrainedModel):
    """A method in the work folder of the run that trained it."""

    identity: RunIdentity
    trained_on: TrainedOn

    def statistics_batches(self) -> dict[int, int]:
        try:
            found = {fold: self.method.statistics_batches(self.place, fold) for fold in self.folds}
        except MethodError as error:
            raise BenchError(Problem(str(error).removesuffix("."), str(self.place))) from error
        return {fold: batches for fold, batches in found.items() if batches is not None}

    def job(self, device: str, memory_bytes: int | None, scratch: Path) -> Job:
        """As above; nothing is written to `scratch`."""
        return Job(
            raw=self.trained_on.raw,
            work=self.place,
            folds=five_folds(self.trained_on.cases),
            budget=Budget(self.identity.budget),
            device=device,
            seed=self.identity.seed,
            memory_bytes=memory_bytes,
        )


def open_run(work: Path, folds: Sequence[int] | None = None) -> RunModel:
    """The method that was trained in the work folder of a run: all folds that are trained to their end, or `folds`.

    Raises BenchError for a folder that is not that of a run, for a method that is not installed or would not be the one
    that was trained, and for folds that are not trained to their end.
    """
    if not (work / STATE_FILE).is_file():
        found = "" if work.is_dir() else ("a file" if work.exists() else "no such folder")
        raise BenchError(Problem("is no trained model", str(work), EXPECTED, found))
    state = RunFolder(work).state()
    identity = state.identity
    method = method_of(identity.method, identity.package, identity.package_version, str(work))
    problems = [*changes_of(method, identity, str(work))]
    if state.trained_on is None:
        what = "the run does not say what its data were, as those of versions before 0.3 do not"
        problems.append(Problem(what, str(work), mend="Call `mswal-bench run` as before: it adds that and no more."))
    chosen = _folds(method, state, work, folds, problems)
    if not os.access(work, os.W_OK):
        what = "the work folder cannot be written to, and the method keeps its log there"
        problems.append(Problem(what, str(work), mend="Copy it to a place of your own."))
    raise_if_any(problems)
    if state.trained_on is None:
        raise AssertionError("it is among the problems")
    return RunModel(
        method=method,
        place=work,
        dataset=identity.dataset,
        file_ending=state.trained_on.file_ending,
        folds=chosen,
        classes=classes_of(state.trained_on.labels, str(work / STATE_FILE)),
        identity=identity,
        digest=joint_digest(
            f"{fold}: {session.started_at.isoformat()}" for fold in chosen for session in state.training[fold]
        ),
        trained_on=state.trained_on,
    )


def method_of(name: str, package: str | None, version: str | None, where: str) -> Method:
    """The method or variant of that name, which came with `package`. Raises BenchError where it cannot be used."""
    found = find_variant(name)
    if found is not None:
        return chosen_method(*found)
    if package is None:
        # As it says of a name that there is not.
        return chosen_method(name)
    # A plug-in that is broken says why; of one that is gone, where to get it is told.
    mend = f"Install the package that the method comes from: {package} {version}."
    try:
        return chosen_method(name)
    except BenchError as error:
        what = f"its method {name} cannot be used"
        raise BenchError(*error.problems, Problem(what, where, mend=mend)) from error


def changes_of(method: Method, identity: RunIdentity, where: str) -> list[Problem]:
    """Why the method that is installed is not the one that was trained."""
    plug_in = plug_in_of(method)
    installed = (None, None) if plug_in is None else (plug_in.package, plug_in.version)
    if installed != (identity.package, identity.package_version):
        expected = f"{identity.package} {identity.package_version}" if identity.package else "mswal-bench's own"
        found = "mswal-bench's own" if plug_in is None else f"{plug_in.package} {plug_in.version}"
        what = f"the method {method.name} comes from another package or version than was trained"
        return [Problem(what, where, expected, found, "Install the version that was trained.")]
    if settings_digest(method, Budget(identity.budget), identity) != identity.settings_digest:
        what = f"the settings of {method.name} are not those that were trained"
        return [Problem(what, where, mend="Use the version of mswal-bench that trained it.")]
    return []


def _folds(
    method: Method, state: RunState, work: Path, asked: Sequence[int] | None, problems: list[Problem]
) -> tuple[int, ...]:
    trained = sorted(
        number
        for number, sessions in state.training.items()
        if any(session.to_epoch == session.of_epochs for session in sessions)
    )
    untrained = [fold for fold in asked or () if fold not in trained]
    if not trained or untrained:
        what = "no fold is trained to its end" if not trained else f"fold {untrained[0]} is not trained to its end"
        found = listed([f"fold {number}" for number in trained])
        problems.append(Problem(what, str(work), found=found, mend="`mswal-bench runs` says how far it is."))
        return ()
    chosen = tuple(trained) if asked is None else tuple(sorted(set(asked)))
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
