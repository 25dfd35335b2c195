"""Defines `model.json`, what a model bundle says of itself: the method, its training, its scores, and every member.

The docstrings of the fields are what they mean. Whoever wrote a bundle is not believed: numbers are bounded, and text
is escaped where it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from mswal_bench.baselines.method import Budget
from mswal_bench.benchmark.core.environment import Environment
from mswal_bench.benchmark.runs.run_record import RunIdentity, TrainingSession
from mswal_bench.benchmark.scoring.estimates import AverageResult, Bootstrap, ClassResult
from mswal_bench.benchmark.submissions.submission_form import Line, Name

FORM_MEMBER: Final = "model.json"
CARD_MEMBER: Final = "README.md"
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Fold = Annotated[int, Field(ge=0, le=4)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Member(_Part):
    """A file of the bundle."""

    bytes: Annotated[int, Field(ge=1)]
    """Its size, unpacked."""
    digest: Digest
    """Over its bytes."""


class TrainingData(_Part):
    """The data set that was trained on."""

    name: Line
    """Its name."""
    cases: Annotated[int, Field(ge=1)] | None
    """How many training cases it has; null where that is not known."""
    split_digest: str | None
    """Over the split of its cases; null where that is not known."""
    labels: Annotated[dict[Annotated[str, StringConstraints(max_length=100)], int], Field(min_length=2, max_length=256)]
    """By name; background is 0."""
    file_ending: Literal[".nii.gz", ".nii", ".mha", ".mhd", ".nrrd"]
    """Of the images that the method reads."""

    @field_validator("labels")
    @classmethod
    def _count_up(cls, labels: dict[str, int]) -> dict[str, int]:
        if sorted(labels.values()) != list(range(len(labels))):
            raise ValueError("labels do not count up from 0")
        return labels


class GoalScores(_Part):
    """What a goal of the run scored, with 95 % bootstrap intervals over cases. Fractions, not percent."""

    track: Line
    """`official-test` or `public-cv`."""
    folds: list[Fold]
    """The folds whose networks predicted."""
    cases: Annotated[int, Field(ge=1)]
    """How many were scored."""
    protocol: Line
    """The id of the scoring protocol."""
    classes: dict[Annotated[str, StringConstraints(pattern=r"^\w{1,100}$")], ClassResult]
    """By the key of the lesion class."""
    average: AverageResult
    """Over the classes."""
    bootstrap: Bootstrap
    """How the intervals were drawn."""


class Imported(_Part):
    """Where a model comes from that was trained by other means."""

    source: Line
    """The program and the format."""
    checkpoints: dict[Fold, Digest]
    """Over the files that the weights were taken from, by fold."""


class About(_Part):
    """What those who hand a model on say of it."""

    authors: Annotated[list[Line], Field(max_length=100)] = []
    """Who trained it."""
    licence: Line | None = None
    """The licence of the weights, as an identifier of SPDX or Hugging Face: cc-by-nc-4.0, say; null for none given."""
    contact: Line | None = None
    """Where to ask."""


class BundleForm(_Part):
    """The content of `model.json`."""

    schema_version: Literal[1] = 1
    """The version of this form."""
    notice: Line
    """What the model is for."""
    version: Line
    """The version of mswal-bench that wrote the bundle."""
    method: Name
    """The method's name, as `mswal-bench methods --names` has it, with its variant."""
    title: Line
    """Its name in tables."""
    publication: Line
    """Where it is described."""
    card: dict[str, Any]
    """The fidelity card: what fixes each setting, and where what was trained is not the original."""
    settings: dict[str, Any]
    """What the method sets under the budget."""
    budget: Budget
    """How much training it got."""
    run: RunIdentity | None
    """The run that trained it; null for an imported model."""
    imported: Imported | None = None
    """Where an imported model comes from."""
    data: TrainingData
    """What it was trained on."""
    precision: Literal["float32", "float16"]
    """Of the weights as they are stored. They are computed with as float32."""
    parameters: Annotated[int, Field(ge=1)]
    """Numbers in the network of a fold, those that training does not change included."""
    epochs: Annotated[int, Field(ge=1)] | None
    """Of each fold; null where that is not known."""
    folds: Annotated[list[Fold], Field(min_length=1)]
    """The folds that are in the bundle. Their ensemble predicts."""
    training: dict[Fold, list[TrainingSession]] = {}
    """What the training of each fold took, by session."""
    statistics_batches: Annotated[
        dict[Fold, Annotated[int, Field(ge=0)]], Field(exclude_if=lambda batches: not batches)
    ] = {}
    """By fold, over how many batches the statistics of batch normalisations were re-estimated after training; 0: they
    are the running ones, as training left them. Empty of a network without any, and of an earlier version."""
    environments: dict[str, Environment] = {}
    """By key, the software and the machines that it was trained with."""
    scores: list[GoalScores] = []
    """What the run scored; empty where it was not scored."""
    about: About = About()
    """What those who hand it on say."""
    members: dict[str, Member]
    """All files of the bundle but this one, by name."""

    @field_validator("folds")
    @classmethod
    def _once_each(cls, folds: list[int]) -> list[int]:
        if folds != sorted(set(folds)):
            raise ValueError("folds are not in order, each once")
        return folds

    @model_validator(mode="after")
    def _of_one_run(self) -> Self:
        if self.run is not None and (self.run.method, self.run.budget) != (self.method, self.budget):
            raise ValueError("the run is of another method or budget")
        return self


def weights_member(fold: int) -> str:
    """The name of the weights of a fold within a bundle."""
    return f"fold_{fold}.safetensors"


def document_member(name: str) -> str:
    """The name of a document of the method's within a bundle."""
    return f"{name}.json"


def folds_text(folds: Sequence[int]) -> str:
    """For a sentence: `fold 0`, `folds 0, 1 and 2`."""
    *first, last = map(str, folds)
    return f"folds {', '.join(first)} and {last}" if first else f"fold {last}"


def statistics_text(batches: Mapping[int, int]) -> str:
    """For a sentence, of statistics by fold: `re-estimated over 100 batches`."""
    by_count: dict[int, list[int]] = {}
    for fold, count in batches.items():
        by_count.setdefault(count, []).append(fold)
    told = {
        f"re-estimated over {count} batches of training patches" if count else "running, as training left them": folds
        for count, folds in by_count.items()
    }
    if len(told) == 1:
        return next(iter(told))
    return "; ".join(f"of {folds_text(folds)} {text}" for text, folds in told.items())
