"""The patches over which statistics are re-estimated are the same ones, however many processes cut them."""

from itertools import islice
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
    one = drawn(batches_of_statistics((1, 0)), 1)
    assert len(set(one)) == 7
    assert drawn(batches_of_statistics((1, 0)), 3) == one
    assert not set(drawn(batches_of_statistics((2, 0)), 1)) & set(one)


def test_they_are_none_of_the_training_s_own():
    assert not set(drawn(numbered_batches((1, 0), 0, 0), 1)) & set(drawn(batches_of_statistics((1, 0)), 1))
