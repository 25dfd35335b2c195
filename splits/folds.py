"""Cuts training cases into the five cross-validation folds of nnU-Net."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

N_FOLDS = 5
_SEED = 12345


@dataclass(frozen=True)
class Fold:
    """Names the cases that one fold trains on and those that it holds out, each sorted."""

    train: tuple[str, ...]
    validation: tuple[str, ...]


def five_folds(cases: Iterable[str]) -> tuple[Fold, ...]:
    """Returns nnU-Net's five folds: scikit-learn's `KFold(5, shuffle=True, random_state=12345)` over the sorted ids.

    Every case is held out once. Raises ValueError for fewer than five cases, or a case given twice.
    """
    ordered = sorted(cases)
    if len(set(ordered)) != len(ordered):
        raise ValueError("a case is given twice")
    if len(ordered) < N_FOLDS:
        raise ValueError(f"{N_FOLDS} folds need at least {N_FOLDS} training cases, found {len(ordered)}")
    # scikit-learn shuffles with this legacy generator, whose stream is frozen.
    shuffled = np.random.RandomState(_SEED).permutation(len(ordered))
    parts = [set(part.tolist()) for part in np.array_split(shuffled, N_FOLDS)]
    return tuple(
        Fold(
            train=tuple(case for index, case in enumerate(ordered) if index not in held_out),
            validation=tuple(case for index, case in enumerate(ordered) if index in held_out),
        )
        for held_out in parts
    )
