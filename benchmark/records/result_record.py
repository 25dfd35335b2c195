"""What is kept and published of an evaluated submission."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from mswal_bench.benchmark.core.environment import Environment
from mswal_bench.benchmark.submissions.submission_form import Line, PublicForm, Text, TrackName

Status = Literal["claimed", "verified"]
RecordId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Key = Annotated[str, StringConstraints(pattern=r"^\w{1,200}$")]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
MOST_RESAMPLES = 1_000_000
"""Verifying a stranger's record draws as many as it says."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(_Part):
    """A number over a set of cases, with its percentile bootstrap interval over cases. Fractions, not percent."""

    value: Fraction | None
    """None where it is undefined."""
    low: Fraction | None = None
    high: Fraction | None = None


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
    dsc_classes: Annotated[int, Field(ge=0)]
    f1_classes: Annotated[int, Field(ge=0)]


class Bootstrap(_Part):
    """How the intervals were drawn."""

    resamples: Annotated[int, Field(ge=1, le=MOST_RESAMPLES)]
    seed: Annotated[int, Field(ge=0)]
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95


class ResultRecord(_Part):
    """One evaluated submission. Never changed once written.

    Beside it lie `cases.csv` and `lesions.csv`, as `mswal-bench score --out` writes them. Every number here follows
    from their rows. Of a hidden track they lie in the organiser's private folder, with the record as it is before it
    is published; `publication.py` says what becomes of it.
    """

    schema_version: Literal[1] = 1
    id: RecordId
    """Over what was evaluated, against what, how, and by whom (`status`): the same evaluation has the same id."""
    created_at: AwareDatetime
    status: Status
    """`verified`: the board's organiser computed the scores from the predictions. `claimed`: somebody else did."""
    track: TrackName
    hidden: bool
    """Whether the labels are kept back, so that no number here is of a single case."""
    protocol: Text
    cases: Annotated[int, Field(ge=1)]
    """Of the manifest; a public number."""
    manifest_digest: Digest
    """Over the ids and grids of the cases, which are the split's part that is scored."""
    split_digest: Digest | None
    """Of the data set's `split.json`, where the labels lie beside one."""
    reference_digest: Digest
    """Over the contents of all reference labels together: corrected ones make other scores."""
    submission_digest: Digest
    """Over the published form and the predictions, however they are packed."""
    predictions_digest: Digest
    """Over the predictions alone."""
    form: PublicForm
    version: Line
    """Of mswal-bench."""
    environment: Environment
    """That scored."""
    classes: dict[Key, ClassResult]
    """By class key, in the protocol's order."""
    average: AverageResult
    bootstrap: Bootstrap
    missing: tuple[Line, ...] = ()
    """Case ids without a prediction, counted as empty."""
    files: dict[Literal["cases.csv", "lesions.csv"], Digest]
    """Name -> digest of the file's content. Empty in the published record of a hidden track."""
