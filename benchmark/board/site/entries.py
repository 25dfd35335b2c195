"""Makes the lines of a board from records, and from the methods that the paper reports."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mswal_bench.baselines.label_grid import spacing_text
from mswal_bench.baselines.method import Method
from mswal_bench.baselines.plug_ins import PlugInError
from mswal_bench.baselines.registry import METHODS, find_method, plug_ins
from mswal_bench.benchmark.ceilings.ceiling_record import CeilingRecord, MeasuredGrid
from mswal_bench.benchmark.paper.table_2 import Pair, printed_comparison
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.scoring.estimates import Estimate
from mswal_bench.benchmark.submissions.submission_form import PublicForm

EntryStatus = Literal["verified", "claimed", "reported", "ceiling"]
Group = Literal["people", "ceiling", "verified", "claimed", "reported"]
"""What stands together on a board: people, ceilings, and the methods of each status."""

STATUSES: Mapping[EntryStatus, str] = {
    "verified": "The board's organiser computed these scores from the submitted predictions.",
    "claimed": "These scores were computed with this program and are a claim: the organiser has not signed them.",
    "reported": "These numbers are as printed in the paper of MSWAL (Table 2). No predictions were handed in, so they "
    "have no intervals and no rank.",
}
"""What each status of a method means, most trusted first, in the order of the board."""

PEOPLE = (
    "Human raters outlined the same cases: a reference that shows how far people agree with the labels. They are "
    "not ranked."
)
CEILING = (
    "Reference labels went to the grid of a method's network and back: a network scores this that learns on its grid "
    "exactly the labels that it is trained with. Ceilings are a reference and are not ranked."
)
GROUPS: Mapping[Group, str] = {
    "people": PEOPLE,
    "ceiling": CEILING,
    "verified": STATUSES["verified"],
    "claimed": STATUSES["claimed"],
    "reported": STATUSES["reported"],
}
"""What each means, in the order of the board."""

METRICS: Mapping[str, str] = {
    "dsc": "DSC",
    "f1": "F1",
    "f1_per_case": "F1 per case",
    "precision": "Precision",
    "recall": "Recall",
    "recall_small": "Recall, small (below 20 mm)",
    "recall_large": "Recall, large (from 20 mm)",
}
"""The fields of `ClassResult`, as they are called on pages."""

PAPER = "https://arxiv.org/abs/2503.13560"
"""Where the reported numbers are printed."""

NOTHING = Estimate(value=None)


@dataclass(frozen=True)
class ShownCeiling:
    """What a board says of a ceiling beside its numbers."""

    grid: MeasuredGrid
    of: CeilingRecord
    lost: str
    """A sentence: how many lesions are lost, by their fate."""
    folder: Path
    """Where its files are."""

    @property
    def voxels(self) -> str:
        """Their sides, in mm."""
        return spacing_text(self.grid.spacing_mm)

    @property
    def planned_by(self) -> str:
        """The methods and runs that have this grid."""
        return ", ".join(
            f"{one.name} (a run of {one.method})"
            if one.planned == "run" and one.name != one.method
            else f"{one.name}{' (a run)' if one.planned == 'run' else ''}"
            for one in self.grid.methods
        )


@dataclass(frozen=True)
class Entry:
    """One line of the board and the page behind it."""

    id: str
    """The record's id, or `paper-` and the method's name in the registry, or `ceiling-` and a digest: safe in a file's
    name."""
    method: str
    """Its name as its authors wrote it: not to be trusted as markup, as a file's name or as unique."""
    status: EntryStatus
    classes: Mapping[str, Mapping[str, Estimate]]
    """Class key -> metric -> fraction; a metric that is not known is left out."""
    average: Mapping[str, Estimate]
    """Avg. of the ranked metrics."""
    record: ResultRecord | None
    """None of a method that the paper reports, and of a ceiling."""
    baseline: Method | None
    """The method of this harness that it says it is."""
    baseline_named: str | None = None
    """The name its form gives for it, also where this version has no such method."""
    card_of: str | None = None
    """The package and version of the plug-in that `baseline` is of, as installed; None of this program's own."""
    ceiling: ShownCeiling | None = None

    @property
    def group(self) -> Group:
        """Where it stands on its board."""
        return "people" if self.record is not None and self.record.form.of_people else self.status

    @property
    def by(self) -> str:
        """Whose it is, in a line."""
        if self.record is not None:
            return ", ".join(self.record.form.authors)
        return "as printed in the paper" if self.ceiling is None else f"planned by {self.ceiling.planned_by}"

    @property
    def keeps_back(self) -> bool:
        """Whether numbers that it does not have are those that a hidden track does not show."""
        return self.record is not None and self.record.hidden

    @property
    def rounded_down(self) -> bool:
        """Whether its averages are those of a hidden track, which have no decimals to show."""
        return self.record is not None and self.record.release is not None

    def of(self, lesion: str, metric: str) -> Estimate:
        """A number of one lesion class; without a value where it is not known."""
        return self.classes.get(lesion, {}).get(metric, NOTHING)


def entry_of(record: ResultRecord) -> Entry:
    """Makes the line of a record."""
    baseline, card_of = _baseline(record.form)
    return Entry(
        id=record.id,
        method=record.form.method,
        status=record.status,
        classes={
            key: {metric: getattr(result, metric) for metric in METRICS} for key, result in record.classes.items()
        },
        average={metric: getattr(record.average, metric) for metric in ("dsc", "f1", "f1_per_case")},
        record=record,
        baseline=baseline,
        baseline_named=record.form.baseline,
        card_of=card_of,
    )


def _baseline(form: PublicForm) -> tuple[Method | None, str | None]:
    """The method that a form names, and which plug-in it is here. Only one of the package that it names is loaded."""
    if form.baseline is None or form.package is None:
        return METHODS.get(form.baseline or ""), None
    package = form.package.rpartition(" ")[0]
    plug_in = next((each for each in plug_ins() if (each.name, each.package) == (form.baseline, package)), None)
    if plug_in is not None:
        # One that is broken is one that is not there.
        with suppress(PlugInError):
            return find_method(plug_in.name), plug_in.origin
    return None, None


def reported_entries() -> tuple[Entry, ...]:
    """Makes the lines of the paper's seven methods, every number, averages too, as printed in its Table 2."""
    return tuple(
        Entry(
            id=f"paper-{method.key}",
            method=method.title,
            status="reported",
            classes={key: _estimates(pair) for key, pair in method.classes.items()},
            average=_estimates(method.average),
            record=None,
            baseline=METHODS.get(method.key),
            baseline_named=method.key,
        )
        for method in printed_comparison().methods
    )


def _estimates(pair: Pair) -> dict[str, Estimate]:
    return {
        metric: Estimate(value=None if printed is None else float(printed / 100))
        for metric, printed in (("dsc", pair.dsc), ("f1", pair.f1))
    }
