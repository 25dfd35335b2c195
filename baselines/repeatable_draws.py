"""Makes every random draw of a training depend on where in the training it falls, and on nothing before.

A training that goes on from a checkpoint then draws what it would have drawn undisturbed. Imports torch on use.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np

from .processes import die_with_parent


class Draw(IntEnum):
    """What is drawn for."""

    FIRST_WEIGHTS = 0
    TRAINING_BATCH = 1
    VALIDATION_BATCH = 2
    EPOCH = 3
    """What the process of the network draws in it, as for dropout."""
    STATISTICS = 4
    """The patches over which batch normalisations are re-estimated, and what the network draws meanwhile."""


def seed_draws(seed: Sequence[int], draw: Draw, number: int) -> None:
    """Sets the generators of Python, NumPy and torch in this process, on its GPU too, for the `number`th of its kind.

    `seed` tells trainings apart: the run's seed and the fold. All numbers are 0 or more.
    """
    import torch

    state = int(np.random.SeedSequence((*seed, draw, number)).generate_state(1)[0])
    random.seed(state)
    np.random.seed(state)
    torch.manual_seed(state)


class NumberedBatches:
    """A loader of batchgenerators that draws each batch by its number, which is counted over the whole training.

    Of so many workers each has a copy; the `i`th one cuts every so manyth batch from the `i`th on, beginning with
    batch `first`. batchgenerators ask their loaders for these two methods.
    """

    def __init__(self, loader: Any, seed: Sequence[int], draw: Draw, first: int, workers: int) -> None:
        self.loader, self._seed, self._draw, self._workers = loader, tuple(seed), draw, workers
        self._next = first

    def set_thread_id(self, thread_id: int) -> None:
        """The first thing that is called in the worker process."""
        die_with_parent()
        self.loader.set_thread_id(thread_id)
        self._next += thread_id

    def __next__(self) -> Any:
        seed_draws(self._seed, self._draw, self._next)
        self._next += self._workers
        return next(self.loader)
