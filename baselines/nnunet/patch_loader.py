"""Loads patches as nnU-Net does, but repeatably, and never outlives the training.

Importing this module imports nnU-Net.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from typing import Any

from batchgenerators.dataloading.multi_threaded_augmenter import MultiThreadedAugmenter
from batchgenerators.dataloading.nondet_multi_threaded_augmenter import NonDetMultiThreadedAugmenter
from nnunetv2.training.nnUNetTrainer import nnUNetTrainer as trainer_module  # noqa: N813

from mswal_bench.baselines.repeatable_draws import Draw, NumberedBatches

from .case_odds import case_odds


@contextmanager
def numbered_batches(
    seed: Sequence[int], training_from: int, validation_from: int, even_types: float
) -> Iterator[None]:
    """While inside, what a trainer of nnU-Net builds loads batches by their numbers, from these on. It has no other way
    to choose. `even_types` is that of a recipe (`settings.py`).

    Several workers do their batches at the same time: which number comes first is then a matter of chance.
    """
    # The order in which nnU-Net builds them.
    parts = iter([(Draw.TRAINING_BATCH, training_from), (Draw.VALIDATION_BATCH, validation_from)])

    def load(data_loader: Any, transform: Any, num_processes: int, **options: Any) -> Any:
        part, first = next(parts)
        if part is Draw.TRAINING_BATCH:
            _weigh_cases(data_loader, even_types)
        numbered = NumberedBatches(data_loader, seed, part, first, workers=num_processes)
        return NonDetMultiThreadedAugmenter(numbered, transform, num_processes, **options)

    with _loaded_by(load):
        yield


@contextmanager
def batches_of_statistics(seed: Sequence[int], even_types: float) -> Iterator[None]:
    """While inside, what a trainer of nnU-Net builds loads training patches by draws of their own: the same ones for
    the same seed, in the same order, with any number of workers. It validates with none. Cases are as probable as in
    training."""
    built = iter([True])

    def load(data_loader: Any, transform: Any, num_processes: int, **options: Any) -> Any:
        if not next(built, False):
            return repeat(None)
        _weigh_cases(data_loader, even_types)
        numbered = NumberedBatches(data_loader, seed, Draw.STATISTICS, 0, workers=num_processes)
        return MultiThreadedAugmenter(numbered, transform, num_processes, pin_memory=options["pin_memory"])

    with _loaded_by(load):
        yield


def _weigh_cases(data_loader: Any, even_types: float) -> None:
    if even_types:
        # Of one case at a time, to save memory: these are up to 10,000 voxels of each type.
        places = (data_loader._data.load_case(case)[-1]["class_locations"] for case in data_loader.indices)
        types = [[each for each, voxels in case.items() if len(voxels)] for case in places]
        data_loader.sampling_probabilities = case_odds(types, even_types)


@contextmanager
def _loaded_by(load: Callable[..., Any]) -> Iterator[None]:
    trainer_module.NonDetMultiThreadedAugmenter = load
    try:
        yield
    finally:
        trainer_module.NonDetMultiThreadedAugmenter = NonDetMultiThreadedAugmenter
