"""Defines `Method`, the adapter through which every baseline is trained and run.

A method sees folders, case ids and a budget; it knows nothing of the command line, of scoring or of MSWAL.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mswal_bench.splits import Fold

from .fidelity import FidelityCard
from .stored_weights import StoredWeights
from .weight_fit import WeightFit

if TYPE_CHECKING:
    from .label_grid import LabelGrid
    from .portable import Portable
    from .stored_cases import StoredCase


class Budget(StrEnum):
    """How much training a run gets. The code path is the same for all three."""

    PAPER = "paper"
    """What the method's authors set."""
    DEMO = "demo"
    """A small network that learns the phantom in minutes on a CPU."""
    SMOKE = "smoke"
    """A few iterations, in seconds: shows that everything runs, learns nothing."""


class MethodError(Exception):
    """A method cannot go on with what it was given; the sentence says why and what to do."""


class FailedCasesError(MethodError):
    """Some cases cannot be predicted; all others are."""

    def __init__(self, cases: Mapping[str, str]):
        # The argument as it came, so that the error can be sent from one process to another.
        super().__init__(dict(cases))
        self.cases = dict(cases)
        """By case, a sentence that says why."""

    def __str__(self) -> str:
        return " ".join(f"{case}: {sentence}" for case, sentence in self.cases.items())


@dataclass(frozen=True)
class Job:
    """What a method works on, and where."""

    raw: Path
    """A data set in nnU-Net's raw layout."""
    work: Path
    """The folder the method keeps everything of its own in; it survives from one call to the next."""
    folds: tuple[Fold, ...]
    budget: Budget
    device: str
    """`cpu` or `cuda`."""
    seed: int
    start: Path | None = None
    """Trained weights, a file that `Method.trained_weights` names, with which the training of every fold begins as far
    as they fit; None draws all weights at random. Others may have written it: a method reads it without running what it
    names.
    """
    weights: Mapping[int, StoredWeights] | None = None
    """By fold, the trained networks of a method that was handed on, which predict in place of those in `work`; None
    where it was trained there.
    """
    memory_bytes: int | None = None
    """What the work may take, of this process and those it starts; None: what is free when it begins."""
    prepared: Path | None = None
    """The work folder of another method's job on the same data set with the same `Method.preparation`, whose prepared
    cases `prepare` takes over in place of making them; None makes them. Either folder can be deleted later.
    """


class Report(Protocol):
    """Called by a method as it gets on: `done` of `total` (iterations or cases), and a few words."""

    def __call__(self, done: int, total: int, note: str) -> None: ...


class Method(ABC):
    """One baseline. Every step can be called again after a crash and goes on from what is there."""

    name: str
    """The name on the command line and of the folder of predictions."""
    title: str
    """The name in tables, as the paper prints it."""
    publication: str
    card: FidelityCard
    """What fixes its settings, and where it is not the original."""
    packages: Sequence[str] = ()
    """The modules that its training imports, from packages that this one does not always bring along."""
    extras: str = "train"
    """Those of this package, as in `pip install "mswal-bench[EXTRAS]"`, that bring them; empty where the package that
    the method comes from does."""

    @property
    def portable(self) -> Portable | None:
        """How the method is handed on when it is trained; here None: not at all."""
        return None

    def variants(self) -> Mapping[str, Method]:
        """The method's variants by name, each a method of its own with the name `METHOD-VARIANT`; here none."""
        return {}

    @abstractmethod
    def settings(self, budget: Budget) -> Mapping[str, object]:
        """What this method sets under `budget`, for the record: plain values that JSON can hold."""

    def preparation(self, budget: Budget) -> str | None:
        """What determines the prepared cases under `budget`, as a short text; here None: it shares them with no other.

        Methods with the same text prepare a data set to the same voxels, and take them over from one another with
        `Job.prepared`.
        """
        return None

    @abstractmethod
    def prepare(self, job: Job, report: Report) -> None:
        """Plans and preprocesses the training cases of `job.raw`. Needed once for all folds.

        Raises MethodError, before anything is done, for cases that need more memory than there is; and where those of
        `job.prepared` are not there, not of this data set or not prepared as this method would.
        """

    @abstractmethod
    def parameters(self, job: Job) -> int:
        """Trainable parameters of the network as planned in `job.work`, those of the outputs that only training uses
        among them. Needs `prepare` done.
        """

    def prepared_bytes(self, cases: Sequence[StoredCase], budget: Budget) -> int | None:
        """How much disk `prepare` takes for these cases at most; here None: not known. They are at least one."""
        return None

    def checkpoint_bytes(self, parameters: int, budget: Budget) -> int | None:
        """How much disk the checkpoints of one fold take at most, of a network with so many parameters; here None: not
        known.
        """
        return None

    def label_grid(self, cases: Sequence[StoredCase], budget: Budget) -> LabelGrid | None:
        """The grid on which the network would see the labels of these training cases, whose shapes are those after the
        crop; here None: not known. They are at least one.
        """
        return None

    def planned_label_grid(self, work: Path) -> LabelGrid | None:
        """The grid on which the network sees labels as planned in the folder `work`, which `prepare` filled; here None:
        not known.

        Raises MethodError where nothing is planned, or in a way that is not known.
        """
        return None

    @abstractmethod
    def epochs(self, budget: Budget) -> int:
        """How many epochs a finished training has under `budget`."""

    @abstractmethod
    def epochs_done(self, job: Job, fold: int) -> int:
        """How many epochs of `fold` a training started now would not repeat; 0 before the first checkpoint."""

    @abstractmethod
    def train(self, job: Job, fold: int, report: Report) -> None:
        """Trains `fold` to its end, from its last checkpoint if it has one.

        Other processes may train other folds of the same work folder at the same time. Raises StoppedError, with a
        checkpoint, where it is asked to stop (`stop_request.py`); a method that never looks trains on.
        """

    def trained_weights(self, work: Path) -> Mapping[int, Path]:
        """By fold, the files of the networks that were trained to their end in the folder `work`; for `Job.start`.

        Raises MethodError here: a method need not be able to begin with weights.
        """
        raise MethodError(f"{self.name} cannot begin with the weights of another training.")

    def fitting_weights(self, job: Job) -> WeightFit:
        """Which weights of `job.start` fit the network as planned in `job.work`. Needs `prepare` done.

        Raises MethodError when none does.
        """
        raise MethodError(f"{self.name} cannot begin with the weights of another training.")

    def statistics_batches(self, work: Path, fold: int) -> int | None:
        """Over how many batches the statistics were re-estimated that the batch normalisations of `fold`, which is
        trained to its end in the folder `work`, predict with; 0: they are the running ones, as training left them; here
        None: there are none, or it is not known. May import torch.
        """
        return None

    @abstractmethod
    def predict(
        self, job: Job, folds: Sequence[int], images: Mapping[str, Path], out: Path, report: Report
    ) -> float | None:
        """Writes a label map `out/CASE.nii.gz` in the geometry of each image, by the ensemble of `folds`.

        A label map that is there already is left as it is. Each is written whole or not at all. Other processes may
        predict other images at the same time, into the same folder. The images need not be the data set's, and
        `job.raw` may be gone: what is needed of it is kept in `job.work`.

        Returns for how many seconds the device waited for images to be prepared and label maps to be written; None
        where that is not measured. Raises FailedCasesError at the end for images that
        cannot be predicted, such as one for which the network's output is not finite: that is never background.
        """
