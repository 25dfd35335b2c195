"""The counts of all methods on the same cases, as arrays: what all statistics begin with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ScoreArrays:
    """Arrays are (method, case, class)."""

    methods: tuple[str, ...]
    cases: tuple[str, ...]
    classes: tuple[str, ...]
    """Class keys."""
    dsc: NDArray[np.float64]
    """NaN where a case has the class on neither side."""
    tp: NDArray[np.int64]
    fp: NDArray[np.int64]
    fn: NDArray[np.int64]
