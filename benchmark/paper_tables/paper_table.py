"""A table of the paper: what is printed in it, and what its headings mean."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources

from ... import results


@dataclass(frozen=True)
class PaperTable:
    """A table whose cells are texts, exactly as the paper prints them."""

    number: int
    """As in the paper."""
    caption: str
    columns: tuple[str, ...]
    """The headings; the first column names the rows."""
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    """Sentences for below the table, in our words."""


def printed_csv(number: int) -> str:
    """The file with the values of a table, as it is kept: UTF-8 CSV with a heading row."""
    return resources.files(results).joinpath("paper", f"table{number}.csv").read_text(encoding="utf-8")


def table_1() -> PaperTable:
    """The public data sets of abdominal CT beside MSWAL (arXiv 2503.13560, Table 1)."""
    columns, *rows = csv.reader(printed_csv(1).splitlines())
    return PaperTable(
        1,
        "Public data sets of abdominal CT and MSWAL.",
        tuple(columns),
        tuple(tuple(row) for row in rows),
        (
            "CTs: volumes. AL: lesions that the data set's own authors annotated, * where their paper gives only some "
            "of the counts, ~ where no count can be had.",
            "NSD: all volumes were new when it was released. FL: no target is left without its annotation. SLT: "
            "lesions have their specific types.",
            "GS gallstones, KS kidney stones, LT liver tumors, KT kidney tumors, PC pancreatic cancer, LC liver cysts, "
            "KC kidney cysts.",
            "As printed in Wu et al., MSWAL, MICCAI 2025 (arXiv 2503.13560), Table 1; numbers in brackets are its "
            "references.",
        ),
    )
