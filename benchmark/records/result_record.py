"""What is kept and published of an evaluated submission."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..runs.environment import Environment
from ..submissions.submission_form import PublicForm

Status = Literal["claimed", "verified"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(_Part):
    """A number over a set of cases, with its percentile bootstrap interval over cases. Fractions, not percent."""

    value: float | None
    """None where it is undefined."""
    low: float | None = None
    high: float | None = None


class ClassResult(_Part):
    """One lesion class."""

    dsc: Estimate
    f1: Estimate
    """From lesions pooled over all cases."""
    f1_per_case: Estimate
    precision: Estimate
    recall: Estimate
    recall_small: Estimate
    """Of reference lesions below 20 mm."""
    recall_large: Estimate


class AverageResult(_Part):
    """The unweighted mean over the classes where a number is defined."""

    dsc: Estimate
    f1: Estimate
    f1_per_case: Estimate
    dsc_classes: int
    f1_classes: int


class Bootstrap(_Part):
    """How the intervals were drawn."""

    resamples: int
    seed: int
    confidence: float = 0.95


class ResultRecord(_Part):
    """One evaluated submission. Never changed once written.

    Beside it lie `cases.csv` and `lesions.csv`, as `mswal-bench score --out` writes them; of a hidden track these
    are in the organiser's private folder and no number here is of a single case.
    """

    schema_version: Literal[1] = 1
    id: str
    """Over what was evaluated, against what, how: the same submission has the same id."""
    created_at: datetime
    status: Status
    """`verified`: the board's organiser computed the scores from the predictions. `claimed`: somebody else did."""
    track: str
    hidden: bool
    protocol: str
    cases: int
    manifest_digest: str
    """Over the ids and grids of the cases, which are the split's part that is scored."""
    split_digest: str | None
    """Of the data set's `split.json`, where the labels lie beside one."""
    reference_digest: str
    """Over the contents of the reference labels: corrected ones make other scores."""
    submission_digest: str
    """Over the form and the predictions, however they are packed."""
    predictions_digest: str
    """Over the predictions alone."""
    form: PublicForm
    version: str
    """Of mswal-bench."""
    environment: Environment
    """That scored."""
    classes: dict[str, ClassResult]
    """By class key, in the protocol's order."""
    average: AverageResult
    bootstrap: Bootstrap
    missing: tuple[str, ...] = ()
    """Case ids without a prediction, counted as empty."""
    files: dict[str, str]
    """Name -> `sha256:...` of `cases.csv` and `lesions.csv`, also where they are private."""
