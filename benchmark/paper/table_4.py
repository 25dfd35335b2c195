"""Builds Table 4, which shows what training on MSWAL first gains on LiTS and KiTS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.runs.transfer import TransferRecord
from mswal_bench.benchmark.tables.view import UNDEFINED, Cell, Row, TableView, Title

from .printed import SOURCE, printed_rows
from .table_2 import points, printed_text, rounded

ARROW, UP, DOWN = "→", "↑", "↓"


@dataclass(frozen=True)
class Gain:
    """Holds a column: the DSC of one structure in percent; None where it is undefined."""

    target: str
    """Is the heading over the column: `MSWAL → LiTS`."""
    structure: str
    scratch: Decimal | None
    """Is the DSC after training from scratch."""
    pretrained: Decimal | None
    """Is the DSC after training that began with the weights of another data set."""
    printed: Decimal | None = None
    """Is the improvement that the paper prints; None in one's own table."""

    @property
    def improvement(self) -> Decimal | None:
        """Returns the difference of the two rounded numbers, so that a column adds up."""
        if self.scratch is None or self.pretrained is None:
            return None
        return rounded(self.pretrained) - rounded(self.scratch)


@cache
def printed_gains() -> tuple[Gain, ...]:
    """Returns Table 4 as printed."""
    targets, structures, scores, improvements = printed_rows("table4")
    gains: list[Gain] = []
    for target, structure, score, improvement in zip(targets, structures, scores, improvements, strict=True):
        if score == "DSC":
            continue
        scratch, pretrained = score.split(f" {ARROW} ")
        # A heading over several columns stands at the first of them.
        over = target or gains[-1].target
        printed = Decimal(improvement.removeprefix(f"{UP} "))
        gains.append(Gain(over, structure, Decimal(scratch), Decimal(pretrained), printed))
    return tuple(gains)


def printed_table_4() -> TableView:
    """Builds Table 4 from the paper's values."""
    return gains_view(printed_gains(), [f"nnU-Net res. As printed in {SOURCE}, Table 4."])


def read_transfers(paths: Sequence[Path], folder: Path) -> dict[str, TransferRecord]:
    """Reads the transfer experiments (`mswal-bench transfer`) at `paths`; keys are their folders, relative to `folder`.

    Of an experiment that was run with several selections of folds, the record with the most folds counts. Raises
    BenchError for a record that cannot be read.
    """
    records: dict[str, TransferRecord] = {}
    for path in paths:
        record = _read(path)
        kept = records.get(where := str(path.parent.relative_to(folder)))
        if kept is None or len(record.folds) > len(kept.folds):
            records[where] = record
    return records


def own_gains(records: Mapping[str, TransferRecord]) -> tuple[tuple[Gain, ...], list[str]]:
    """Makes the columns of Table 4 from what `read_transfers` returns (at least one), and sentences for below it."""
    names = _names(records)
    gains = tuple(
        Gain(names[where], each.name, _points(each.scratch), _points(each.pretrained))
        for where, record in records.items()
        for each in record.structures.values()
    )
    notes = [
        f"{names[where]}: {record.title}, {len(record.folds)} of 5 folds, budget {record.budget}, seed {record.seed}; "
        f"protocol {record.protocol}, {'1 case' if record.cases == 1 else f'{record.cases} cases'}."
        for where, record in records.items()
    ]
    if any(gain.improvement is None for gain in gains):
        notes.append(f"{UNDEFINED}: undefined, because no case has the structure in its reference or its prediction.")
    return gains, notes


def gains_view(gains: Sequence[Gain], notes: Sequence[str]) -> TableView:
    """Lays out structures in columns below their data sets, as in the paper."""
    targets = list(dict.fromkeys(gain.target for gain in gains))
    in_order = [gain for target in targets for gain in gains if gain.target == target]
    return TableView(
        "Task",
        tuple(targets),
        tuple(tuple(gain.structure for gain in gains if gain.target == target) for target in targets),
        (
            Row(
                "DSC",
                tuple(
                    Cell(f"{printed_text(gain.scratch)} {ARROW} {printed_text(gain.pretrained)}") for gain in in_order
                ),
            ),
            Row("Improve", tuple(Cell(_change(gain.improvement)) for gain in in_order)),
        ),
        (f"DSC in percent, trained from scratch {ARROW} pretrained.", *notes),
        Title("Table 4", "Transfer learning from MSWAL to other data sets.", "mswal-4"),
    )


def _read(path: Path) -> TransferRecord:
    try:
        return TransferRecord.model_validate_json(read_bytes(path))
    except OSError as error:
        raise BenchError(Problem(f"cannot be read ({error.strerror})", str(path))) from error
    except ValidationError as error:
        what = "is not the record of a transfer experiment, or was written by another version of this program"
        raise BenchError(Problem(what, str(path), mend="Move it away.")) from error


def _names(records: Mapping[str, TransferRecord]) -> dict[str, str]:
    """Returns the headings; several experiments on one data set have their folders in them."""
    names = {where: f"{record.start.run.dataset} {ARROW} {record.dataset}" for where, record in records.items()}
    count = Counter(names.values())
    return {where: name if count[name] == 1 else f"{name} ({where})" for where, name in names.items()}


def _points(fraction: float | None) -> Decimal | None:
    return None if fraction is None else points(fraction)


def _change(points: Decimal | None) -> str:
    if points is None:
        return UNDEFINED
    return f"{UP} {points}" if points > 0 else f"{DOWN} {-points}" if points < 0 else str(points)
