"""Cross-validation folds, cut as nnU-Net cuts them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

N_FOLDS = 5
_SEED = 12345


@dataclass(frozen=True)
class Fold:
    """One fold: the case ids to train on and those held out, each sorted."""

    train: tuple[str, ...]
    validation: tuple[str, ...]


def five_folds(cases: Iterable[str]) -> tuple[Fold, ...]:
    """The five folds of nnU-Net: `KFold(5, shuffle=True, random_state=12345)` of scikit-learn over the sorted ids.

    Every case is held out once. Raises ValueError for fewer than five cases, or a case given twice.
    """
    ordered = sorted(cases)
    if len(set(ordered)) != len(ordered):
        raise ValueError("a case is given twice")
    if len(ordered) < N_FOLDS:
        raise ValueError(f"{N_FOLDS} folds need at least {N_FOLDS} training cases, found {len(ordered)}")
    # The legacy generator: it is what scikit-learn shuffles with, and its stream is frozen.
    shuffled = np.random.RandomState(_SEED).permutation(len(ordered))
    parts = [set(part.tolist()) for part in np.array_split(shuffled, N_FOLDS)]
    return tuple(
        Fold(
            train=tuple(case for index, case in enumerate(ordered) if index not in held_out),
            validation=tuple(case for index, case in enumerate(ordered) if index in held_out),
        )
        for held_out in parts
    )
