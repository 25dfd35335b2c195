"""Defines the state of a run while it goes on, and the record of a finished one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from tabulate import tabulate

from mswal_bench.baselines.weight_fit import WeightFit
from mswal_bench.benchmark.core.environment import Environment
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.scoring.scores_json import MethodSummary, ScoreSummary
from mswal_bench.benchmark.tables.notebook import notebook_html, plain_view
from mswal_bench.benchmark.tables.terminal_letters import as_printed
from mswal_bench.benchmark.tables.view import TableView, Title, percent

from .resources import Resources

if TYPE_CHECKING:
    import pandas


_HEADS = ("Lesion", "DSC", "F1")


class RunIdentity(BaseModel):
    """What makes two calls the same run. A work folder belongs to one identity for good."""

    model_config = ConfigDict(frozen=True)

    method: str
    package: Annotated[str | None, Field(exclude_if=lambda package: package is None)] = None
    """The package that offers the method as a plug-in; None for one of mswal-bench's own."""
    package_version: Annotated[str | None, Field(exclude_if=lambda version: version is None)] = None
    """Of that package: another version of it may do anything, and so is another run."""
    budget: str
    seed: int
    dataset: str
    split_digest: str
    files_digest: str
    """Over names and sizes of the images and the training labels: notices exchanged data without reading it."""
    settings_digest: str
    """Over what the method sets under the budget: a changed recipe is another run."""
    start: str | None = None
    """Over the file of trained weights that training begins with; None where all are drawn at random."""


class Start(BaseModel):
    """The trained weights that a run's training began with."""

    run: RunIdentity
    """The run that trained them."""
    fold: int
    """Of that run."""
    digest: str
    """Over the file."""
    fit: WeightFit
    """What of it was loaded, and what not."""


class Step(BaseModel):
    """One stretch of work that ended well."""

    started_at: datetime
    environment: str
    """Key of what it ran in, among the `environments`."""
    other_environments: list[str] = []
    """Keys of what else it ran in: a prediction on GPUs of several models."""
    resources: Resources


class TrainingSession(BaseModel):
    """One uninterrupted stretch of training a fold."""

    started_at: datetime
    from_epoch: int
    """Epochs that were done before; above 0 the session resumed from a checkpoint."""
    to_epoch: int | None = None
    """Epochs that were safe in a checkpoint at its end; None when the session was killed before its last."""
    of_epochs: int
    """Epochs of a finished training."""
    device: str
    environment: str
    """Key of what it ran in, among the `environments`."""
    resources: Resources = Resources()
    """Not known when the session was killed."""


class TrainedOn(BaseModel):
    """What of its data set a run needs later, when that is gone: to predict other images, and to name their lesions."""

    model_config = ConfigDict(frozen=True)

    raw: Path
    """Where the data set was."""
    file_ending: str
    """Of its images, as in `.nii.gz`."""
    labels: dict[str, int]
    """By name, as in its `dataset.json`; background is 0."""
    cases: tuple[str, ...]
    """The training cases, sorted; the folds follow from them."""


class RunState(BaseModel):
    """Kept in the work folder and rewritten after every step."""

    identity: RunIdentity
    trained_on: TrainedOn | None = None
    """None of a run that a version before 0.3 began, until the same command is called again."""
    environments: dict[str, Environment] = {}
    """By key, everything that the run's steps ran in: another for every model of GPU, every share of the cores, and
    after every update."""
    parameters: int | None = None
    """Trainable parameters of the network as planned; None before the preparation."""
    fit: WeightFit | None = None
    """What of the trained weights fits the network as planned; None without any, and before the preparation."""
    prepared: Step | None = None
    training: dict[int, list[TrainingSession]] = {}
    """Sessions by fold, in order."""
    statistics_batches: Annotated[dict[int, int], Field(exclude_if=lambda batches: not batches)] = {}
    """By trained fold, as of `RunRecord`."""
    predicted: dict[str, Step] = {}
    """By the name of the goal's folder: `fold-all`, `public-cv-fold-2`. After an interruption, the prediction of the
    images that were left."""
    predicted_shards: Annotated[dict[str, dict[str, Step]], Field(exclude_if=lambda shards: not shards)] = {}
    """By goal, what calls predicted that each took a shard of it, by shard; empty once the goal is predicted."""
    prepared_by: Annotated[RunIdentity | None, Field(exclude_if=lambda run: run is None)] = None
    """The run whose prepared cases were taken over; None where they were made for this one."""

    def ran_in(self, environment: Environment) -> str:
        """Keeps what a step runs in, once; gives the key that stands for it."""
        self.environments[environment.key] = environment
        return environment.key


class RunRecord(BaseModel):
    """A finished run of one fold selection on one track."""

    schema_version: int = 2
    created_at: datetime
    identity: RunIdentity
    title: str
    publication: str
    settings: dict[str, Any]
    """What the method sets under this budget."""
    card: dict[str, Any]
    """The method's fidelity card: what fixes each setting, and where what ran here is not the original."""
    parameters: int
    """Trainable parameters of the network as planned, all outputs that it is trained on included."""
    track: str
    """`official-test` or `public-cv`; scores of two tracks do not compare."""
    folds: list[int]
    """The folds whose ensemble predicted; on `public-cv` each alone predicted the cases that it held out."""
    epochs: int
    """Of each fold."""
    environments: dict[str, Environment]
    """By key, what the steps ran in."""
    prepared: Step
    prepared_by: Annotated[RunIdentity | None, Field(exclude_if=lambda run: run is None)] = None
    """The run whose prepared cases were taken over, which its `prepared` then measures; None where they were made for
    this one."""
    start: Start | None = None
    """What training began with; None where all weights were drawn at random."""
    training: dict[int, list[TrainingSession]]
    statistics_batches: Annotated[dict[int, int], Field(exclude_if=lambda batches: not batches)] = {}
    """By fold, over how many batches of training patches the statistics were re-estimated that its batch normalisations
    predict with; 0: they are the running ones, as training left them. Empty of a network without any, and of a run that
    an earlier version ended."""
    resumed_from_epochs: dict[int, list[int]]
    """By fold, the epoch each resumed session went on from; empty when nothing was interrupted."""
    predicted: Step
    """The prediction of all cases; after an interruption, of those that were left."""
    cases: int
    """How many were predicted."""
    scores: ScoreSummary | None
    """As `mswal-bench score --format json` gives them, of the one method; None when the labels are not there."""
    labels_digest: str | None = None
    """Over the contents of the labels it was scored against: corrected ones are scored anew. None without scores."""

    @field_validator("scores")
    @classmethod
    def _of_one_method(cls, scores: ScoreSummary | None) -> ScoreSummary | None:
        if scores is not None and len(scores.methods) != 1:
            raise ValueError("not the scores of one method")
        return scores

    @property
    def method_scores(self) -> MethodSummary | None:
        """The numbers of its method; None when the labels are not there."""
        return None if self.scores is None else next(iter(self.scores.methods.values()))

    def to_frame(self) -> pandas.DataFrame:
        """A row a number of a lesion type: `method`, `lesion`, `metric`, `value`; none without scores."""
        from mswal_bench.benchmark.scoring.score_frames import numbers_frame

        return numbers_frame({} if self.scores is None else self.scores.methods)

    def __str__(self) -> str:
        return as_printed(run_record_text(self))

    def _repr_html_(self) -> str:
        return notebook_html(run_record_view(self))


def read_run_record(path: Path) -> RunRecord:
    """The record in a file. Raises BenchError when it is none, OSError when the file cannot be read."""
    try:
        return RunRecord.model_validate_json(read_bytes(path))
    except ValidationError as error:
        what = "is no record, or that of another version of this program"
        raise BenchError(Problem(what, str(path), mend="Move it away, and it is made anew.")) from error


def run_record_text(record: RunRecord) -> str:
    """DSC and F1 of each class, in percent, and what they are of."""
    rows = _rows(record)
    table = tabulate(rows, _HEADS, tablefmt="simple", disable_numparse=True, colalign=("left", "right", "right"))
    return "\n".join([_title(record), "", *([table, ""] if rows else []), *_notes(record)])


def run_record_view(record: RunRecord) -> TableView:
    """The same table laid out for HTML."""
    return plain_view(_HEADS, _rows(record), _notes(record), title=Title(_title(record), "", label=""))


def _title(record: RunRecord) -> str:
    folds = "fold" if len(record.folds) == 1 else "folds"
    cases = "1 case" if record.cases == 1 else f"{record.cases} cases"
    return f"{record.title}, {record.track}, {folds} {', '.join(map(str, record.folds))}: {cases} predicted"


def _rows(record: RunRecord) -> list[list[str]]:
    method = record.method_scores
    if method is None:
        return []
    numbers = [(key.replace("_", " ").capitalize(), of.dsc, of.f1) for key, of in method.classes.items()]
    numbers.append(("Avg.", method.average.dsc, method.average.f1))
    return [[name, percent(dsc), percent(f1)] for name, dsc, f1 in numbers]


def _notes(record: RunRecord) -> list[str]:
    identity = record.identity
    ran = f"{identity.method} on {identity.dataset}, budget {identity.budget}, seed {identity.seed}."
    if record.scores is None:
        return [ran, "Not scored, for the labels of the predicted cases are not there."]
    return [ran, f"Percent. Protocol {record.scores.protocol}."]


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
