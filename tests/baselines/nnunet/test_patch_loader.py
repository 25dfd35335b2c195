"""Which patches a training gets, and its statistics."""

from itertools import islice
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("nnunetv2")

from nnunetv2.training.nnUNetTrainer import nnUNetTrainer as trainer_module  # noqa: N813

from mswal_bench.baselines.nnunet.patch_loader import batches_of_statistics, numbered_batches


class Drawing:
    """A loader whose batch is a number drawn for it."""

    def set_thread_id(self, thread_id: int) -> None:
        pass

    def __next__(self) -> dict[str, Any]:
        return {"data": np.random.rand()}


class Weighed(Drawing):
    """A loader of three cases: type 1 is in all, type 2 in one."""

    def __init__(self) -> None:
        self.indices = ["a", "b", "c"]
        self.sampling_probabilities = None
        places = {"a": {1: [0], 2: []}, "b": {1: [0], 2: []}, "c": {1: [0], 2: [0]}}
        self._data = SimpleNamespace(load_case=lambda case: (None, None, None, {"class_locations": places[case]}))


def drawn(context: Any, processes: int) -> list[float]:
    """Seven batches as nnU-Net would load them, which builds loaders of training and validation in this order."""
    with context:
        training, validation = (
            trainer_module.NonDetMultiThreadedAugmenter(
                data_loader=Drawing(), transform=None, num_processes=processes, num_cached=6, seeds=None,
                pin_memory=False, wait_time=0.002,
            )
            for _ in range(2)
        )  # fmt: skip
    try:
        next(validation)
        return [batch["data"] for batch in islice(training, 7)]
    finally:
        for loader in (training, validation):
            if hasattr(loader, "_finish"):
                loader._finish()


def test_any_number_of_processes_gives_the_same_batches_in_the_same_order():
    one = drawn(batches_of_statistics((1, 0), 0), 1)
    assert len(set(one)) == 7
    assert drawn(batches_of_statistics((1, 0), 0), 3) == one
    assert not set(drawn(batches_of_statistics((2, 0), 0), 1)) & set(one)


@pytest.mark.parametrize("even_types", [0, 0.5])
def test_training_and_its_statistics_draw_cases_through_their_types_and_validation_does_not(even_types):
    odds = None if even_types == 0 else pytest.approx([1 / 4, 1 / 4, 1 / 2])
    contexts = (numbered_batches((1, 0), 0, 0, even_types), batches_of_statistics((1, 0), even_types))
    for context in contexts:
        training, validation = Weighed(), Weighed()
        with context:
            for each in (training, validation):
                trainer_module.NonDetMultiThreadedAugmenter(each, None, 1, pin_memory=False)
        assert training.sampling_probabilities == odds
        assert validation.sampling_probabilities is None


def test_they_are_none_of_the_training_s_own():
    assert not set(drawn(numbered_batches((1, 0), 0, 0, 0), 1)) & set(drawn(batches_of_statistics((1, 0), 0), 1))
