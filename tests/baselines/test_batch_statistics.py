"""Statistics of batch normalisations, re-estimated over batches small enough to compute by hand."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn

from mswal_bench.baselines.batch_statistics import batches_of, re_estimate, running_statistics, saved_along


def column(*values: float):
    """A batch of one channel."""
    return torch.tensor(values, dtype=torch.float32).reshape(-1, 1)


def test_one_layer_by_hand():
    norm = nn.BatchNorm1d(1)
    re_estimate(norm, norm, [column(0, 2), column(4, 8)])
    # Means 1 and 6, unbiased variances 2 and 8; (1 + 2 + 36 + 8) / 2 - 3.5 ** 2.
    assert norm.running_mean.item() == 3.5
    assert norm.running_var.item() == 11.25


def test_every_batch_counts_the_same():
    """Running averages forget the first ones."""
    batches = [column(10, 10)] + [column(0, 0)] * 99
    norm, running = nn.BatchNorm1d(1), nn.BatchNorm1d(1)
    re_estimate(norm, norm, batches)
    for batch in batches:
        running(batch)
    assert norm.running_mean.item() == pytest.approx(0.1)
    assert norm.running_var.item() == pytest.approx(1 - 0.01)
    assert running.running_mean.item() < 1e-3


def test_each_batch_is_normalised_by_its_own_statistics():
    network = nn.Sequential(nn.BatchNorm1d(1), nn.BatchNorm1d(1)).eval()
    re_estimate(network, network, [column(0, 2), column(4, 8)])
    # Of both batches the first layer makes -1 and 1, whatever it kept before.
    assert network[1].running_mean.item() == pytest.approx(0, abs=1e-6)
    assert network[1].running_var.item() == pytest.approx(2, rel=1e-4)


@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("training", [True, False])
def test_nothing_else_is_changed(momentum, training):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv3d(1, 3, 1), nn.BatchNorm3d(3, momentum=momentum), nn.BatchNorm3d(3))
    network.train(training)
    network[2].eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    re_estimate(network, network, torch.rand(4, 2, 1, 2, 2, 2))
    changed = [name for name, value in network.state_dict().items() if not torch.equal(value, before[name])]
    assert changed == [f"{layer}.running_{each}" for layer in (1, 2) for each in ("mean", "var")]
    assert [module.training for module in network] == [training, training, False]
    assert network[1].momentum == momentum
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_constant_has_no_variance():
    norm = nn.BatchNorm1d(1)
    re_estimate(norm, norm, [column(1e4 / 3, 1e4 / 3)] * 3)
    assert norm.running_var.item() == 0


def test_no_batch_is_none():
    norm = nn.BatchNorm1d(1)
    with pytest.raises(ValueError, match="no batch"):
        re_estimate(norm, norm, [])


def test_running_statistics_are_a_copy_under_the_names_of_the_state():
    network = nn.Sequential(nn.Conv3d(1, 2, 1), nn.BatchNorm3d(2), nn.InstanceNorm3d(2))
    kept = running_statistics(network)
    assert {*kept} == {name for name in network.state_dict() if name.startswith("1.running")}
    re_estimate(network, network, [torch.rand(2, 1, 2, 2, 2)])
    assert torch.equal(kept["1.running_mean"], torch.zeros(2))


def test_a_shared_layer_is_kept_under_each_of_its_names():
    """As nnU-Net's decoders hold the encoder: the state has them twice, and of two values the last would be loaded."""
    norm = nn.BatchNorm1d(1)
    network = nn.ModuleDict({"encoder": norm, "decoder": nn.ModuleDict({"encoder": norm})})
    re_estimate(network, norm, [column(0, 2), column(4, 8)])
    assert norm.running_mean.item() == 3.5
    names = {f"{part}.running_{each}" for part in ("encoder", "decoder.encoder") for each in ("mean", "var")}
    assert running_statistics(network).keys() == names


def test_a_checkpoint_says_what_it_holds(tmp_path):
    save = torch.save
    with saved_along(7, {"0.running_mean": torch.ones(1)}):
        torch.save({"weights": {"0.running_var": torch.zeros(1)}}, tmp_path / "new.pth")
    with pytest.raises(OSError, match="full"), saved_along(7, {}):
        raise OSError("full")
    assert torch.save is save
    content = torch.load(tmp_path / "new.pth")
    assert batches_of(content, "weights") == 7
    assert content["batch_norm"]["running"] == {"0.running_mean": torch.ones(1)}
    # As earlier versions wrote it, and of a network without.
    del content["batch_norm"]
    assert batches_of(content, "weights") == 0
    assert batches_of({"weights": {"0.weight": torch.zeros(1)}}, "weights") is None
