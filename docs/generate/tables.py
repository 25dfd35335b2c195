"""Writes tables in Markdown of what the program itself knows: codes, fields of files, columns, variables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

STACKED = "{.stacked}"
"""Above a table: a phone shows the cells of each row below each other, for most are sentences."""


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown, with bars and ends of lines made harmless."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join([STACKED, *(f"| {' | '.join(map(_cell, line))} |" for line in lines)]) + "\n"


def code(text: object) -> str:
    return f"`{text}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
