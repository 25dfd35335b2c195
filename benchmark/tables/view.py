"""Lays a table out: texts and marks in rows and columns, for any format to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Literal

UNDEFINED = "–"  # noqa: RUF001
YES, NO = "✓", "✗"


Side = Literal["left", "center", "right"]


@dataclass(frozen=True)
class Cell:
    """One number of the table, or whatever else it holds."""

    text: str
    """Of a score percent with two decimals, or a dash where undefined."""
    best: bool = False
    """The highest of its row and metric; several when they are equal."""
    second: bool = False
    """The next after a single best."""
    superscript: str = ""
    """What stands small behind the number: by how much it is better than the next best."""


@dataclass(frozen=True)
class Row:
    """A lesion type, or the mean over all."""

    label: str
    cells: tuple[Cell, ...]
    """One a column, group by group."""
    is_average: bool = False
    """Set off from the rows above it."""


@dataclass(frozen=True)
class Title:
    """What stands above a table that is published on its own."""

    name: str
    """`Table 2`, without a full stop."""
    caption: str
    label: str
    """To refer to it: LaTeX's label after `tab:`, HTML's id. Lower-case letters, digits and hyphens."""


@dataclass(frozen=True)
class TableView:
    """What every output format draws."""

    corner: str
    groups: tuple[str, ...]
    """The headings over the columns: of scores the methods' names, then, with several methods, the average score. One
    empty heading for a table that has none."""
    columns: tuple[tuple[str, ...], ...]
    """Of each group the headings of its columns: of scores the metrics."""
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    """Sentences for below the table."""
    title: Title | None = None
    legend: str = ""
    """What the marks mean, told above the notes wherever marks are drawn."""
    warning: str = ""
    """Why its numbers must not be held against those of other tables; every format makes it stand out."""


def told(view: TableView) -> tuple[str, ...]:
    """The notes of a table whose marks are drawn."""
    return (view.legend, *view.notes) if view.legend else view.notes


def sides(view: TableView) -> tuple[Side, ...]:
    """Where each column's texts stand: numbers on the right, ticks and crosses in the middle, words on the left.

    Numbers with a superscript stand on the left, else those without one would be moved out of line.
    """
    return tuple(_side([row.cells[column] for row in view.rows]) for column in range(sum(map(len, view.columns))))


def _side(cells: Sequence[Cell]) -> Side:
    if cells and all(cell.text in (YES, NO) for cell in cells):
        return "center"
    words = not any(letter.isdigit() for cell in cells for letter in cell.text)
    words = words and any(letter.isalpha() for cell in cells for letter in cell.text)
    return "left" if words or any(cell.superscript for cell in cells) else "right"


def percent(fraction: float) -> str:
    """A fraction as percent with two decimals; a dash for NaN."""
    return UNDEFINED if isnan(fraction) else f"{100 * fraction:.2f}"


def marked(texts: Sequence[str]) -> list[Cell]:
    """The numbers of one row and metric, the best and the second best of them marked.

    What is equal as printed is equal: several best share the mark and leave no second, several seconds share theirs.
    A number alone has no mark, nor has what is undefined. 0 has none either: who finds nothing is no winner, nor is who
    has false positives alone where the others rightly have nothing.
    """
    ranked = sorted((number for text in texts if text != UNDEFINED and (number := float(text)) > 0), reverse=True)
    # Alone there is nothing to be better than.
    if len(texts) == 1 or not ranked:
        return [Cell(text) for text in texts]
    best, second = ranked[0], ranked[1] if len(ranked) > 1 else nan
    return [
        Cell(
            text,
            best=text != UNDEFINED and float(text) == best,
            second=text != UNDEFINED and float(text) == second and second < best,
        )
        for text in texts
    ]
