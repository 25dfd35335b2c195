"""Defines `TableView`: a table's texts and marks in rows and columns, which every format draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isnan
from typing import Literal

UNDEFINED = "–"  # noqa: RUF001
YES, NO = "✓", "✗"

Alignment = Literal["left", "center", "right"]


@dataclass(frozen=True)
class Cell:
    """Holds one number of the table, or another text."""

    text: str
    """Is percent with two decimals for a score, or a dash where it is undefined."""
    best: bool = False
    """Says whether it is the highest of its row and metric; equal ones share the mark."""
    second: bool = False
    """Says whether it comes next after a single best one; equal ones share the mark."""
    superscript: str = ""
    """Stands small behind the number: by how much it is better than the next best."""


@dataclass(frozen=True)
class Row:
    """Holds one row: a lesion type, or the mean over all of them."""

    label: str
    cells: tuple[Cell, ...]
    """Has one cell for each column, group by group."""
    is_average: bool = False
    """Says whether a line sets the row off from those above."""


@dataclass(frozen=True)
class Title:
    """Stands above a table that is published on its own."""

    name: str
    """Reads as `Table 2`, without a full stop."""
    caption: str
    label: str
    """Serves for references: LaTeX's label after `tab:`, HTML's id. It has lower-case letters, digits and hyphens, and
    is empty for a table in HTML that nothing refers to."""


@dataclass(frozen=True)
class TableView:
    """Holds everything that an output format draws of a table."""

    corner: str
    """Is the heading of the row labels."""
    groups: tuple[str, ...]
    """Are the headings over groups of columns: in a table of scores the methods' names and then, with several methods,
    the average score. A table without such headings has empty ones."""
    columns: tuple[tuple[str, ...], ...]
    """Are the headings of the columns, group by group: in a table of scores the metrics."""
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    """Are the sentences below the table."""
    title: Title | None = None
    legend: str = ""
    """Explains the marks; it stands above the notes in formats that draw marks."""
    warning: str = ""
    """Says why the numbers must not be compared with other tables; every format makes it stand out."""
    words: bool = False
    """Is true where the cells are texts: all columns are then aligned left, also those with digits."""


def shown_notes(view: TableView) -> tuple[str, ...]:
    """Returns the sentences below a table whose marks are drawn: the legend, if there is one, and the notes."""
    return (view.legend, *view.notes) if view.legend else view.notes


def alignments(view: TableView) -> tuple[Alignment, ...]:
    """Returns each column's alignment: right for numbers, centre for ticks and crosses, left for words.

    A column in which any number has a superscript is aligned left, so that all its numbers stay in line.
    """
    columns = range(sum(map(len, view.columns)))
    return tuple("left" if view.words else _side([row.cells[column] for row in view.rows]) for column in columns)


def _side(cells: Sequence[Cell]) -> Alignment:
    if cells and all(cell.text in (YES, NO) for cell in cells):
        return "center"
    words = not any(letter.isdigit() for cell in cells for letter in cell.text)
    words = words and any(letter.isalpha() for cell in cells for letter in cell.text)
    return "left" if words or any(cell.superscript for cell in cells) else "right"


def percent(fraction: float) -> str:
    """Returns a fraction in percent with two decimals; a dash for NaN."""
    return UNDEFINED if isnan(fraction) else f"{100 * fraction:.2f}"


def points(fraction: float) -> float | None:
    """Returns the number that `percent` prints; None for NaN."""
    return None if isnan(fraction) else round(100 * fraction, 2)


def marked(texts: Sequence[str], numbers: Sequence[float | Decimal | None]) -> list[Cell]:
    """Marks the best and the second best among the numbers of one row and metric, which are shown as `texts`.

    `numbers` are rounded as they are printed, None for undefined ones. Equal ones share a mark: several best leave no
    second, several second ones share theirs. A number alone gets no mark, nor does an undefined one. A score of 0 gets
    none either: it belongs to a method that finds nothing, or that predicts lesions where there are none.
    """
    ranked = sorted((number for number in numbers if number is not None and number > 0), reverse=True)
    # Alone there is nothing to be better than.
    if len(texts) == 1 or not ranked:
        return [Cell(text) for text in texts]
    best, second = ranked[0], ranked[1] if len(ranked) > 1 else 0
    return [
        Cell(text, best=number == best, second=number == second and 0 < second < best)
        for text, number in zip(texts, numbers, strict=True)
    ]
