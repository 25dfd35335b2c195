"""Defines the two tracks: which cases are predicted, by which folds, and against which labels they are scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.data.dataset import Case, Dataset
from mswal_bench.benchmark.data.raw_folder import TEST, TRAINING
from mswal_bench.splits import N_FOLDS, five_folds

ALL_FOLDS = "all"
SELECTIONS = (*(str(fold) for fold in range(N_FOLDS)), ALL_FOLDS)
"""What a call can ask for: one fold, or all of them; where several can be named, their numbers with commas."""


def folds_of(selection: str) -> tuple[int, ...]:
    """The folds that a selection is of, in order: `0`, `all`, or some of them, `0,1`. Raises ValueError for others."""
    if selection == ALL_FOLDS:
        return tuple(range(N_FOLDS))
    folds = [int(name) for name in selection.split(",") if name in SELECTIONS]
    if len(folds) != len(selection.split(",")) or len(set(folds)) != len(folds):
        raise ValueError(f"no selection of folds: {selection!r}")
    return tuple(sorted(folds))


def selection_of(folds: Iterable[int]) -> str:
    """What asks for these folds; `all` for all of them."""
    chosen = sorted(folds)
    return ALL_FOLDS if chosen == list(range(N_FOLDS)) else ",".join(map(str, chosen))


class Track(StrEnum):
    """What a score is of. Scores of two tracks do not compare."""

    OFFICIAL_TEST = "official-test"
    """The test images, by the ensemble of the selected folds."""
    PUBLIC_CV = "public-cv"
    """The training cases, each by the one fold that held it out; of one fold alone, the cases that it held out."""


@dataclass(frozen=True)
class Share:
    """Images that are predicted together, and the folds whose ensemble predicts them."""

    folds: tuple[int, ...]
    images: Mapping[str, Path]
    """By case id, in order."""
    name: str
    """For a sentence: `predict`, or `predict fold 2` for what that fold held out."""

    def cut(self, parts: int) -> list[Share]:
        """This share in at most so many parts, every image in one of them; itself for one part or none."""
        parts = min(parts, len(self.images))
        if parts <= 1:
            return [self]
        return [self.every(parts, part, f"part {part + 1} of {parts}") for part in range(parts)]

    def every(self, step: int, first: int, name: str) -> Share:
        """Every so-manieth image of this share, from the one at `first` on, which is 0 or more."""
        return Share(self.folds, dict(list(self.images.items())[first::step]), f"{self.name} {name}")


@dataclass(frozen=True)
class Shard:
    """One of several calls that predict a goal's cases together."""

    number: int
    """From 1 on."""
    of: int

    def __str__(self) -> str:
        return f"shard {self.number} of {self.of}"


@dataclass(frozen=True)
class Goal:
    """What one call of a run is to reach: a track and a selection of folds, on a data set."""

    dataset: Dataset
    track: Track
    selection: str
    """As `selection_of` gives it: `0` to `4`, `all`, or `0,1`."""

    @property
    def folds(self) -> tuple[int, ...]:
        """The folds that have to be trained."""
        return folds_of(self.selection)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the raw folder that it needs, as in `imagesTr`: all folds are planned on all training cases."""
        return (TRAINING, TEST) if self.track is Track.OFFICIAL_TEST else (TRAINING,)

    @property
    def name(self) -> str:
        """Of the folder of its outcome, unique in a work folder."""
        folds = f"fold-{self.selection.replace(',', '-')}"
        return folds if self.track is Track.OFFICIAL_TEST else f"public-cv-{folds}"

    @property
    def predictions(self) -> str:
        """The folder its predictions lie in. Out-of-fold predictions have one for all selections: a case is predicted
        by the same fold in each of them, and so once."""
        return self.name if self.track is Track.OFFICIAL_TEST else Track.PUBLIC_CV.value

    @property
    def title(self) -> str:
        """For below the score table."""
        if self.selection == ALL_FOLDS:
            return self.track.value
        folds = "fold" if len(self.folds) == 1 else "folds"
        return f"{self.track.value} of {folds} {', '.join(map(str, self.folds))} alone"

    @cached_property
    def shares(self) -> tuple[Share, ...]:
        """What there is to predict; every case is in one of them."""
        if self.track is Track.OFFICIAL_TEST:
            return (Share(self.folds, _images(self.dataset.test.values()), "predict"),)
        folds = five_folds(self.dataset.train)
        return tuple(
            Share(
                (fold,),
                _images(self.dataset.train[case] for case in folds[fold].validation),
                f"predict fold {fold}",
            )
            for fold in self.folds
        )

    def shard(self, shard: Shard) -> tuple[Share, ...]:
        """The part of what there is to predict that one of several calls takes; empty where there are fewer images."""
        parts, dealt = [], 0
        for share in self.shares:
            # Dealt on from where the share before ended, so that no shard gets more than one image more than another.
            parts.append(share.every(shard.of, (shard.number - 1 - dealt) % shard.of, str(shard)))
            dealt += len(share.images)
        return tuple(part for part in parts if part.images)

    @cached_property
    def cases(self) -> tuple[str, ...]:
        """The ids of all cases there are to predict, sorted."""
        return tuple(sorted(case for share in self.shares for case in share.images))

    @property
    def references(self) -> dict[str, Case]:
        """The cases with their labels, where they are there."""
        known = self.dataset.test if self.track is Track.OFFICIAL_TEST else self.dataset.train
        return {case: known[case] for case in self.cases}

    @property
    def labels(self) -> Path | None:
        """The folder with the reference labels of the cases, and perhaps of others; None when there is none."""
        return self.dataset.test_labels if self.track is Track.OFFICIAL_TEST else self.dataset.root / "labelsTr"


def labels_of(dataset: Dataset, track: Track) -> Path:
    """The folder with the reference labels of a track's cases. Raises BenchError where they are not there."""
    labels = Goal(dataset, track, ALL_FOLDS).labels
    if labels is None:
        what, mend = "the test labels are not there", f"The training cases are those of the track {Track.PUBLIC_CV}."
        raise BenchError(Problem(what, str(dataset.root), "a folder labelsTs", mend=mend))
    return labels


def check_goal(goal: Goal) -> None:
    """Raises BenchError when the data set is too small for the folds, or has nothing to predict."""
    dataset = goal.dataset
    if len(dataset.train) < N_FOLDS:
        raise BenchError(
            Problem(
                "too few training cases",
                str(dataset.root),
                f"{N_FOLDS} or more, to cut into folds",
                str(len(dataset.train)),
            )
        )
    if goal.track is Track.OFFICIAL_TEST and not dataset.test:
        raise BenchError(
            Problem(
                "there is no test image to predict",
                str(dataset.root / "imagesTs"),
                "at least one",
                mend=f"With training cases alone, score out-of-fold predictions of them: --track {Track.PUBLIC_CV}.",
            )
        )


def _images(cases: Iterable[Case]) -> dict[str, Path]:
    return {case.id: case.image for case in cases}
