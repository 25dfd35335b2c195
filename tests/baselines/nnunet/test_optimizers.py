"""The optimizers that nnU-Net's own trainer has not."""

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn

from mswal_bench.baselines.nnunet.optimizers import Muon, optimizer_for, orthogonal
from mswal_bench.baselines.nnunet.settings import Training


def small_network() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv3d(1, 4, 3), nn.BatchNorm3d(4), nn.Conv3d(4, 4, 1, groups=4), nn.Flatten(), nn.Linear(4, 6)
    )


def stepped(network: Any, optimizer: Any, steps: int) -> list[Any]:
    """The parameters after some steps on fixed patches."""
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        optimizer.zero_grad()
        patches = torch.randn(5, 1, 3, 3, 3, generator=generator)
        (network(patches) ** 2).mean().backward()
        optimizer.step()
    return [each.detach().clone() for each in network.parameters()]


@pytest.mark.parametrize("shape", [(3, 3), (4, 50), (50, 4)])
def test_all_singular_values_become_about_one(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    found = orthogonal(matrix)
    after = left.T @ found @ right.T
    assert torch.diagonal(after).min() > 0.67
    assert torch.diagonal(after).max() < 1.22
    # Only the singular values change, not the directions.
    assert torch.allclose(after, torch.diag(torch.diagonal(after)), atol=1e-4)
    assert torch.allclose(orthogonal(1000 * matrix), found, atol=1e-4)


def test_singular_values_that_are_next_to_nothing_grow_485_times():
    found = orthogonal(torch.diag(torch.tensor([1, 1e-2, 1e-6])))
    assert torch.diagonal(found)[:2].tolist() == pytest.approx([0.7, 0.7], abs=0.01)
    assert found[2, 2].item() == pytest.approx(485e-6, rel=0.01)


def test_zeros_stay_zeros():
    assert not orthogonal(torch.zeros(3, 5)).any()


def test_a_step_along_matrices_is_that_of_torchs_own_muon():
    network, alike = nn.Linear(6, 40, bias=False), nn.Linear(6, 40, bias=False)
    alike.load_state_dict(network.state_dict())
    before = network.weight.detach().clone()
    ours = Muon(network, 0.02, eps=1e-8, weight_decay=0.1)
    # A step of torch's is a fifth as large.
    torchs = torch.optim.Muon(alike.parameters(), 0.1, weight_decay=0.02, adjust_lr_fn="match_rms_adamw")
    for seed in range(3):
        gradient = torch.randn(40, 6, generator=torch.Generator().manual_seed(seed))
        network.weight.grad, alike.weight.grad = gradient.clone(), gradient.clone()
        ours.step()
        torchs.step()
    # Torch's works in half precision.
    assert (network.weight - alike.weight).norm() < 0.02 * (network.weight - before).norm()


def test_a_kernel_is_a_matrix_with_a_row_for_each_index_of_its_first_axis():
    convolution, matrix = nn.Conv3d(2, 4, 3, bias=False), nn.Linear(54, 4, bias=False)
    matrix.weight.data = convolution.weight.detach().flatten(1).clone()
    convolution.to(memory_format=torch.channels_last_3d)
    gradient = torch.randn(4, 2, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    for network, of_weights in ((convolution, gradient), (matrix, gradient.flatten(1))):
        network.weight.grad = of_weights.clone()
        Muon(network, 0.1, eps=1e-8, weight_decay=0.1).step()
    assert torch.allclose(convolution.weight.flatten(1), matrix.weight, atol=1e-6)


def test_all_that_is_no_matrix_steps_as_with_adamw_and_does_not_decay():
    network, alike = small_network(), small_network()
    stepped(network, Muon(network, 0.01, eps=1e-6, weight_decay=0.5), 1)
    stepped(alike, torch.optim.AdamW(alike.parameters(), 0.01, eps=1e-6, weight_decay=0), 1)
    ours, others = dict(network.named_parameters()), dict(alike.named_parameters())
    apart = {name for name in ours if not torch.allclose(ours[name], others[name], atol=1e-7)}
    assert apart == {"0.weight", "4.weight"}


def test_a_closure_is_refused():
    network = small_network()
    with pytest.raises(ValueError, match="no closure"):
        Muon(network, 0.01, eps=1e-8, weight_decay=0.1).step(lambda: 0.0)


def test_goes_on_from_its_state_as_if_undisturbed():
    network = small_network()
    undisturbed = stepped(network, Muon(network, 0.01, eps=1e-8, weight_decay=0.1), 2)
    first = small_network()
    optimizer = Muon(first, 0.01, eps=1e-8, weight_decay=0.1)
    stepped(first, optimizer, 1)
    second = small_network()
    second.load_state_dict(first.state_dict())
    resumed = Muon(second, 0.01, eps=1e-8, weight_decay=0.1)
    resumed.load_state_dict(optimizer.state_dict())
    generator = torch.Generator().manual_seed(1)
    torch.randn(5, 1, 3, 3, 3, generator=generator)
    resumed.zero_grad()
    (second(torch.randn(5, 1, 3, 3, 3, generator=generator)) ** 2).mean().backward()
    resumed.step()
    assert all(torch.equal(one, other) for one, other in zip(undisturbed, second.parameters(), strict=True))


def test_recipes_name_their_optimizer():
    network = small_network()
    assert optimizer_for(network, Training()) is None
    adamw = optimizer_for(network, Training(optimizer="adamw", learning_rate=0.5, epsilon=1e-4, weight_decay=1e-5))
    assert type(adamw) is torch.optim.AdamW
    assert [adamw.defaults[name] for name in ("lr", "eps", "weight_decay")] == [0.5, 1e-4, 1e-5]
    muon = optimizer_for(network, Training(optimizer="muon", learning_rate=0.5, epsilon=1e-4, weight_decay=0.1))
    assert isinstance(muon, Muon)
    assert [group["weight_decay"] for group in muon.param_groups] == [0.1, 0]
    assert {(group["lr"], group["eps"]) for group in muon.param_groups} == {(0.5, 1e-4)}
