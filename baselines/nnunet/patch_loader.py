"""Loads patches as nnU-Net does, but repeatably, and never outlives the training.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from nnunetv2.training.dataloading.data_loader import nnUNetDataLoader
from nnunetv2.training.nnUNetTrainer import nnUNetTrainer as trainer_module  # noqa: N813

from mswal_bench.baselines.processes import die_with_parent


class BenchDataLoader(nnUNetDataLoader):  # type: ignore[misc]
    """Cuts and augments patches in a process of its own."""

    def __init__(self, *args: Any, seed: int, **options: Any):
        super().__init__(*args, **options)
        self.seed = seed

    def set_thread_id(self, thread_id: int) -> None:
        """The first thing that is called in the worker process."""
        super().set_thread_id(thread_id)
        die_with_parent()
        state = int(np.random.SeedSequence((self.seed, thread_id)).generate_state(1)[0])
        np.random.seed(state)
        torch.manual_seed(state)


@contextmanager
def bench_data_loaders(seed: int) -> Iterator[None]:
    """While inside, nnU-Net's trainers build their loaders as BenchDataLoader. It has no other way to choose them."""
    trainer_module.nnUNetDataLoader = partial(BenchDataLoader, seed=seed)
    try:
        yield
    finally:
        trainer_module.nnUNetDataLoader = nnUNetDataLoader
