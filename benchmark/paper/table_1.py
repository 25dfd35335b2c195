"""Builds Table 1, which compares public data sets of abdominal CT with MSWAL."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.tables.view import YES, Cell, Row, TableView, Title

from .printed import SOURCE, printed_rows


@dataclass(frozen=True)
class DataSetRow:
    """Describes a data set as the paper does."""

    name: str
    """Includes the number of the paper's reference: `LiTS [2]`."""
    volumes: int
    annotated: int | None
    """Counts the lesions that its own authors annotated; None when there are none or the count is not known."""
    annotated_is_partial: bool
    """Says whether the data set's paper gives only some of the counts (printed with `*`)."""
    new_source: bool
    """Says whether all volumes were new when it was released."""
    full_labels: bool
    """Says whether every target is annotated."""
    specific_types: bool
    """Says whether lesions are labelled with their types."""
    classes: frozenset[str]
    """Has the keys of the lesion classes in the data set."""


@cache
def printed_data_sets() -> tuple[DataSetRow, ...]:
    """Returns the rows of Table 1 in the paper's order; MSWAL is the last."""
    _, *rows = printed_rows("table1")
    return tuple(_row(*row[:3], ticks=[cell == YES for cell in row[3:]]) for row in rows)


def printed_table_1() -> TableView:
    """Builds Table 1 with every cell as printed."""
    (corner, *heads), *rows = printed_rows("table1")
    return TableView(
        corner,
        ("",) * len(heads),
        tuple((head,) for head in heads),
        tuple(Row(name, tuple(Cell(text) for text in texts)) for name, *texts in rows),
        (
            "CTs: volumes. AL: lesions that the data set's own authors annotated, * where their paper gives only some "
            "of the counts, ~ where the count is not known.",
            "NSD: all volumes were new when the data set was released. FL: every target is annotated. SLT: lesions are "
            "labelled with their specific types.",
            "GS gallstones, KS kidney stones, LT liver tumors, KT kidney tumors, PC pancreatic cancer, LC liver cysts, "
            "KC kidney cysts.",
            f"As printed in {SOURCE}, Table 1; numbers in brackets are its references.",
        ),
        Title("Table 1", "Public data sets of abdominal CT and MSWAL.", "mswal-1"),
    )


def _row(name: str, volumes: str, annotated: str, *, ticks: list[bool]) -> DataSetRow:
    new_source, full_labels, specific_types, *lesions = ticks
    digits = annotated.removesuffix("*").replace(",", "")
    return DataSetRow(
        name,
        int(volumes.replace(",", "")),
        int(digits) if digits.isdigit() else None,
        annotated.endswith("*"),
        new_source,
        full_labels,
        specific_types,
        frozenset(lesion.key for lesion, has in zip(LESION_CLASSES, lesions, strict=True) if has),
    )
