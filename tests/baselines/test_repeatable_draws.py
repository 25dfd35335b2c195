import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mswal_bench.baselines import repeatable_draws
from mswal_bench.baselines.repeatable_draws import Draw, NumberedBatches, seed_draws

Drawn = tuple[float, float, float]


def drawn() -> Drawn:
    return random.random(), float(np.random.rand()), float(torch.rand(1, dtype=torch.float64))


class Loader:
    """Draws from the generators of the process, as those of nnU-Net do."""

    def set_thread_id(self, thread_id: int) -> None:
        self.thread_id = thread_id

    def __next__(self) -> list[Drawn]:
        return [drawn(), drawn()]


@pytest.fixture(autouse=True)
def generators_left_alone(monkeypatch):
    # The worker of this test is the test process itself.
    monkeypatch.setattr(repeatable_draws, "die_with_parent", lambda: None)
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])


def test_draws_depend_on_their_place_alone():
    seed_draws((3, 1), Draw.EPOCH, 7)
    first = drawn()
    drawn()
    seed_draws((3, 1), Draw.EPOCH, 7)
    assert drawn() == first


@pytest.mark.parametrize(
    ("seed", "draw", "number"),
    [
        ((4, 1), Draw.EPOCH, 7),
        ((3, 2), Draw.EPOCH, 7),
        ((3, 1), Draw.TRAINING_BATCH, 7),
        ((3, 1), Draw.VALIDATION_BATCH, 7),
        ((3, 1), Draw.EPOCH, 8),
    ],
)
def test_other_places_have_other_draws_of_every_generator(seed, draw, number):
    seed_draws((3, 1), Draw.EPOCH, 7)
    one = drawn()
    seed_draws(seed, draw, number)
    assert all(a != b for a, b in zip(one, drawn(), strict=True))


def batches(first: int, workers: int, count: int) -> list[list[Drawn]]:
    """Of the workers in turn."""
    loaders = [NumberedBatches(Loader(), (0, 2), Draw.TRAINING_BATCH, first, workers) for _ in range(workers)]
    for worker, loader in enumerate(loaders):
        loader.set_thread_id(worker)
    return [next(loaders[number % workers]) for number in range(count)]


def test_batches_are_the_same_from_any_number_on_and_for_any_number_of_workers():
    undisturbed = batches(0, 1, 12)
    assert len({str(batch) for batch in undisturbed}) == 12
    assert batches(5, 1, 7) == undisturbed[5:]
    assert batches(0, 3, 12) == undisturbed
    assert batches(4, 3, 8) == undisturbed[4:]


def test_the_loader_knows_which_worker_it_is_in():
    loader = Loader()
    NumberedBatches(loader, (0, 2), Draw.TRAINING_BATCH, 0, 3).set_thread_id(2)
    assert loader.thread_id == 2
