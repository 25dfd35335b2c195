"""Defines `BenchError`, the one error for what a user can mend, which holds every `Problem` of an input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Describes one thing that is wrong with an input, so that its owner can mend it.

    As text it reads `where: what: expected ..., found .... mend`; empty fields are left out.
    """

    what: str
    """Says what is wrong, without a full stop."""
    where: str = ""
    """Names the file, folder, option or case that is wrong."""
    expected: str = ""
    found: str = ""
    mend: str = ""
    """Says in a sentence what to do about it."""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.expected and self.found:
            text += f": expected {self.expected}, found {self.found}"
        elif self.expected:
            text += f": expected {self.expected}"
        elif self.found:
            text += f": found {self.found}"
        text += "."
        return f"{text} {self.mend}" if self.mend else text


class BenchError(Exception):
    """Is raised for input that the user can mend: commands print it without a traceback and exit with 1."""

    def __init__(self, *problems: Problem):
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def raise_if_any(problems: Iterable[Problem]) -> None:
    """Raises one BenchError with all of `problems`; does nothing when there are none."""
    gathered = tuple(problems)
    if gathered:
        raise BenchError(*gathered)


def raise_first(problems: Sequence[Problem], most: int = 20) -> None:
    """Raises one BenchError with the first of `problems` and the number of the others; does nothing when there are
    none.
    """
    more = len(problems) - most
    raise_if_any([*problems[:most]] + ([Problem(f"and {more} more of the kind")] if more > 0 else []))


def listed(names: Sequence[str], most: int = 8) -> str:
    """Lists names for a sentence; of more than `most`, only the first, with the number of the others."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
