"""What a check of the release has found, as a line that says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Outcome(NamedTuple):
    """A check and its end: it passes without faults, unless it could not be made."""

    name: str
    faults: Sequence[str]
    """A sentence each, with what to do."""
    not_made: str | None = None
    """Why the check could not be made here; None where it was."""

    def __str__(self) -> str:
        if self.faults:
            return "\n".join([f"FAIL  {self.name}", *(f"      {fault}" for fault in self.faults)])
        return f"pass  {self.name}" if self.not_made is None else f"----  {self.name}: {self.not_made}"
