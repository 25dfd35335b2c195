"""Defines the record that is kept and published of an evaluated submission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from mswal_bench.benchmark.core.environment import Environment
from mswal_bench.benchmark.scoring.estimates import AverageResult, Bootstrap, ClassResult, Estimate, Key
from mswal_bench.benchmark.submissions.submission_form import Line, PublicForm, Text, TrackName
from mswal_bench.benchmark.tables.notebook import notebook_html
from mswal_bench.benchmark.tables.terminal_letters import as_printed

if TYPE_CHECKING:
    import pandas

Status = Literal["claimed", "verified"]
RecordId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class ResultRecord(BaseModel):
    """One evaluated submission. Never changed once written.

    Printed, it is what `mswal-bench evaluate` prints; in a notebook it is a table.

    Beside it lie `cases.csv` and `lesions.csv`, as `mswal-bench score --out` writes them. Every number here follows
    from their rows. Of a hidden track they lie in the organiser's private folder, with the record as it is before it
    is published; `publication.py` says what becomes of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

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

    def to_frame(self) -> pandas.DataFrame:
        """A row a lesion and metric, and for their average: method, lesion, metric, value, low, high.

        Fractions, NaN where undefined or withheld; `low` and `high` are the ends of the bootstrap interval.
        """
        import pandas

        rows = [
            (self.form.method, lesion, metric, estimate.value, estimate.low, estimate.high)
            for lesion, of in (*self.classes.items(), ("average", self.average))
            for metric, estimate in of
            if isinstance(estimate, Estimate)
        ]
        frame = pandas.DataFrame(rows, columns=["method", "lesion", "metric", "value", "low", "high"])
        return frame.astype({"value": float, "low": float, "high": float})

    def __str__(self) -> str:
        from .record_text import record_text

        return as_printed(record_text(self))

    def _repr_html_(self) -> str:
        from .record_text import record_view

        return notebook_html(record_view(self))
