"""A number of a data set beside the paper's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NOT_RECORDED = "not recorded"
TOTAL = "total"


@dataclass(frozen=True)
class Number:
    """One number of the data set, and the paper's."""

    found: int | float | None
    """None where it is not known: nothing is recorded, or nothing is there to measure."""
    paper: int | None = None
    """None where the paper does not say. It is of all 694 patients."""
    is_of_all: bool = False
    """It was found in as many cases as the paper's, so the two should be equal."""

    @property
    def differs(self) -> bool:
        return self.is_of_all and self.paper is not None and self.found != self.paper


Numbers = Mapping[str, Mapping[str, Number]]
"""Quantity -> what of -> number: `numbers["small"]["liver_cyst"]`. Quantities have their units in their names."""
