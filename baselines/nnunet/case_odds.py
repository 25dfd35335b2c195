"""Weighs the training cases, so that those with a rare lesion type are drawn more often. Needs no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def case_odds(types: Sequence[Collection[int]], even_types: float) -> NDArray[np.floating[Any]]:
    """How probable each case is in a draw, given the lesion types that it has; of all cases together 1.

    In a share of `even_types` of all draws a type is drawn first, then one of the cases that have it; in all others a
    case is drawn. At 1 a case without lesions is never drawn, but where no case has a lesion, all are alike. Empty for
    no cases.
    """
    having = Counter(each for case in types for each in case)
    alike = np.full(len(types), 1 / max(1, len(types)))
    if not having:
        return alike
    through_types = np.array([sum(1 / having[each] for each in case) for case in types]) / len(having)
    return even_types * through_types + (1 - even_types) * alike
