"""Makes the 8:2 splits of LiTS and KiTS, whose official test cases are not public (MSWAL, Section 4)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .split import Split

_SEED = 12345
# LiTS has 131 training volumes, numbered from 0.
LITS_CASES = tuple(f"LITS_{number:03d}" for number in range(131))
# kits23/__init__.py of the challenge's repository names the cases: none is between 300 and 399, and those from 589 on
# are the hidden test cases.
KITS_CASES = tuple(f"case_{number:05d}" for number in (*range(300), *range(400, 589)))


def eight_to_two(name: str, cases: Iterable[str]) -> Split:
    """Splits cases: eight tenths of them, rounded, train, and the others test.

    The sorted ids are permuted by numpy's `RandomState(12345)`, whose stream is frozen; the first ones train. So were
    `lits.json` and `kits.json` made, and these files are what counts. Without cases both parts are empty. Raises
    SplitError for a case given twice.
    """
    ordered = sorted(cases)
    shuffled = [ordered[index] for index in np.random.RandomState(_SEED).permutation(len(ordered))]
    count = round(0.8 * len(ordered))
    return Split(name, tuple(shuffled[:count]), tuple(shuffled[count:]))
