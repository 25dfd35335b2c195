"""The one error a user can mend, and the list that gathers every problem of an input before it is raised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input, in the words its owner needs to mend it."""

    what: str
    """The sentence: what is wrong."""
    where: str = ""
    """The file, folder or case it is wrong in."""
    expected: str = ""
    found: str = ""
    mend: str = ""
    """What to do about it."""

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
    """Input that the user can mend. Shown without a traceback; the command exits with 1."""

    def __init__(self, *problems: Problem):
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def raise_if_any(problems: Iterable[Problem]) -> None:
    """Raises one BenchError that holds all of `problems`; does nothing when there are none."""
    gathered = tuple(problems)
    if gathered:
        raise BenchError(*gathered)


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names for a sentence; of many, the first and how many more."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
