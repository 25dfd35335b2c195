"""Defines the record that is kept and published of an evaluated submission, and writes it for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from tabulate import tabulate

from mswal_bench.benchmark.core.environment import Environment
from mswal_bench.benchmark.scoring.estimates import AverageResult, Bootstrap, ClassResult, Estimate, Key, estimate_text
from mswal_bench.benchmark.submissions.submission_form import Line, PublicForm, Text, TrackName
from mswal_bench.benchmark.tables.notebook import notebook_html, plain_view
from mswal_bench.benchmark.tables.terminal_letters import as_printed
from mswal_bench.benchmark.tables.view import UNDEFINED, TableView, Title
from mswal_bench.benchmark.tables.wrapped_table import wrapped_table
from mswal_bench.metrics.resampling.bootstrap import FEWEST_CASES

from .release_policy import Release

if TYPE_CHECKING:
    import pandas

Status = Literal["claimed", "verified"]
RecordId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]

NOT_SHOWN = "Not shown: neither average is a step above the best that this team was shown before."
"""Stands where a hidden track keeps a record's numbers back."""

_HEADS = ("Lesion", "DSC", "F1")
_ALIGN = ("left", "right", "right")


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
    """`verified`: the board's organiser computed the scores from the predictions, if his signature lies beside the
    record. `claimed`: somebody else did."""
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
    # Left out where there is none: of tracks that are not hidden, and of records from before there were policies.
    release: Annotated[Release | None, Field(exclude_if=lambda release: release is None)] = None
    """By what policy a hidden track's record is published, and whether its averages are shown."""
    # Left out where there is none, as in the form. So is any later field that says nothing: the digest is over all.
    digest: Annotated[Digest | None, Field(exclude_if=lambda digest: digest is None)] = None
    """Over everything else in the record; None in those of version 0.1.0."""

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
        return as_printed(record_text(self))

    def _repr_html_(self) -> str:
        return notebook_html(record_view(self))


def record_text(record: ResultRecord) -> str:
    """Writes one record: DSC and F1 of each class with their intervals, in percent, and what they are of."""
    table = tabulate(_rows(record), _HEADS, tablefmt="simple", disable_numparse=True, colalign=_ALIGN)
    return "\n".join([_title(record), "", table, "", *_notes(record)])


def record_view(record: ResultRecord) -> TableView:
    """The same table laid out for HTML."""
    return plain_view(_HEADS, _rows(record), _notes(record), title=Title(_title(record), "", label=""))


def _rows(record: ResultRecord) -> list[list[str]]:
    # A released record has no numbers of classes.
    rows = [
        [key.replace("_", " ").capitalize(), estimate_text(of.dsc), estimate_text(of.f1)]
        for key, of in record.classes.items()
        if _is_whole(record)
    ]
    return [*rows, ["Avg.", *_averages(record)]]


def _is_whole(record: ResultRecord) -> bool:
    """Whether it has more than a policy releases, as the organiser's own has."""
    return record.release is None or bool(record.files)


def _title(record: ResultRecord) -> str:
    return f"{record.form.method}, {record.track}{' (hidden)' if record.hidden else ''}, {record.status}: {record.id}"


def _notes(record: ResultRecord) -> list[str]:
    cases = "1 case" if record.cases == 1 else f"{record.cases} cases"
    missing = f", {len(record.missing)} without a prediction and counted as empty" if record.missing else ""
    drawn = record.bootstrap
    if not _is_whole(record):
        return [*_release_notes(record), f"Protocol {record.protocol}, {cases}{missing}."]
    return [
        f"Percent, and {100 * drawn.confidence:g} % intervals over cases "
        f"({drawn.resamples:,} resamples, seed {drawn.seed}).",
        *_why_less(record),
        f"Protocol {record.protocol}, {cases}{missing}.",
    ]


def _release_notes(record: ResultRecord) -> Iterator[str]:
    if record.release is None:
        return
    points = record.release.policy.points
    step = "a whole point" if points == 1 else f"a multiple of {points:g} points"
    if record.release.shown:
        yield f"Percent, rounded down to {step}. A hidden track shows no more: no lesion types and no intervals."
    else:
        yield NOT_SHOWN
        yield f"The step is {'one point' if points == 1 else f'{points:g} points'}."


def records_table(records: Sequence[ResultRecord], *, width: int | None = None) -> str:
    """Writes a row for every record; empty for none. What does not fit into `width` characters comes below."""
    rows = [
        [
            record.track,
            record.form.method,
            *_averages(record),
            str(record.cases),
            record.status,
            f"{record.created_at:%F}",
            record.id,
        ]
        for record in records
    ]
    heads = ["Track", "Method", "Avg. DSC", "Avg. F1", "Cases", "Status", "Date", "Id"]
    align = ["left", "left", "right", "right", "right", "left", "left", "left"]
    return wrapped_table(heads, rows, align, width=width, keep=2) if rows else ""


def _averages(record: ResultRecord) -> list[str]:
    averages = (record.average.dsc, record.average.f1)
    if _is_whole(record):
        return [estimate_text(each) for each in averages]
    # Without decimals, which were rounded away.
    return ["not shown" if each.value is None else f"{100 * each.value:g}" for each in averages]


def _why_less(record: ResultRecord) -> Iterator[str]:
    """Why numbers or intervals are not there."""
    few = f"fewer than {FEWEST_CASES} cases have such a lesion in their reference or their prediction"
    shown = [estimate for of in record.classes.values() for estimate in (of.dsc, of.f1)]
    if record.hidden:
        if any(estimate.value is None for estimate in shown):
            yield f"{UNDEFINED}: withheld, for {few}."
        return
    if any(estimate.value is None for estimate in shown):
        yield f"{UNDEFINED}: undefined, for no case has such a lesion in its reference or its prediction."
    if any(estimate.value is not None and estimate.low is None for estimate in shown):
        yield f"Without an interval: {few}."
