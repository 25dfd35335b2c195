"""Bounds of the disk that prepared cases and checkpoints take."""

import pytest

from mswal_bench.baselines.disk_estimates import checkpoint_bytes, prepared_bytes, prepared_bytes_v1
from mswal_bench.baselines.nnunet.settings import Training
from mswal_bench.baselines.stored_cases import StoredCase

CASE = StoredCase("a", (10, 20, 30), (2.0, 1.0, 1.0))


def test_prepared_cases_count_as_resampled():
    assert prepared_bytes([CASE], (2, 1, 1)) == 4_000_000 + 4 * 6000
    assert prepared_bytes([CASE, CASE], (1, 1, 2)) == 2 * (4_000_000 + 4 * 20 * 20 * 15)
    assert prepared_bytes_v1([CASE], (1, 1, 1)) == 4_000_000 + 2.5 * 6000 + 14 * 12_000
    assert prepared_bytes([], (1, 1, 1)) == prepared_bytes_v1([], (1, 1, 1)) == 0


@pytest.mark.parametrize(("optimizer", "numbers"), [("sgd", 2), ("adamw", 3), ("muon", 3)])
def test_a_checkpoint_is_as_large_as_what_an_optimizer_keeps(optimizer, numbers, tmp_path):
    torch = pytest.importorskip("torch")
    from mswal_bench.baselines.nnunet.optimizers import optimizer_for

    network = torch.nn.Linear(1000, 1000)
    steps = optimizer_for(network, Training(optimizer=optimizer))
    if steps is None:
        steps = torch.optim.SGD(network.parameters(), 0.01, momentum=0.99)
    network(torch.ones(1, 1000)).sum().backward()
    steps.step()
    torch.save({"weights": network.state_dict(), "optimizer": steps.state_dict()}, tmp_path / "checkpoint.pth")
    parameters = sum(each.numel() for each in network.parameters())
    assert checkpoint_bytes(parameters, optimizer) == 4 * numbers * parameters
    size = (tmp_path / "checkpoint.pth").stat().st_size
    # Of Muon it is a bound: of matrices, which this network is, it keeps half as much.
    assert size == pytest.approx(4 * (2 if optimizer == "muon" else numbers) * parameters, rel=0.01)
