"""Products of matrices against torch's own convolutions and normalisations, one after the other."""

from copy import deepcopy

import pytest

torch = pytest.importorskip("torch")
from torch import nn

from mswal_bench.baselines.networks import pointwise as module
from mswal_bench.baselines.networks.inception_blocks import (
    Branches,
    InceptionDownsampling,
    Layers,
    MiniInception,
    ResidualBlock,
)
from mswal_bench.baselines.networks.inception_unet import InceptionUNet

from .inception_arguments import RELEASED, SMALL, VARIANTS

LAST = torch.channels_last_3d
CUBE = (3, 3, 3)
BLOCKS = {
    "mini": lambda: MiniInception(6, CUBE, Layers()),
    "mini without its input": lambda: MiniInception(6, CUBE, Layers(), Branches(mini_residual=False)),
    "mini with other epsilon and slope": lambda: MiniInception(
        6, CUBE, Layers(norm_options={"eps": 0.1, "momentum": 0.3}, nonlinearity=nn.LeakyReLU)
    ),
    "mini with mean statistics": lambda: MiniInception(6, CUBE, Layers(norm_options={"momentum": None})),
    "mini without statistics": lambda: MiniInception(6, CUBE, Layers(norm_options={"track_running_stats": False})),
    "mini without scales": lambda: MiniInception(6, CUBE, Layers(norm_options={"affine": False})),
    "downsampling": lambda: InceptionDownsampling(6, 5, CUBE, (1, 2, 2), Layers()),
    "downsampling without stride": lambda: InceptionDownsampling(6, 5, CUBE, (1, 1, 1), Layers()),
    "downsampling that only pools": lambda: InceptionDownsampling(
        6, 6, CUBE, (2, 2, 2), Layers(), Branches(pooled_projection=False)
    ),
    "residual": lambda: ResidualBlock(6, 4, CUBE, Layers()),
    "residual with identity": lambda: ResidualBlock(6, 6, CUBE, Layers()),
    "instance norm": lambda: MiniInception(
        6, CUBE, Layers(nn.InstanceNorm3d, {"affine": True}, nn.LeakyReLU, {"inplace": True})
    ),
}


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def counted(monkeypatch):
    """Every tensor counts as large and is worked on in parts of which the last is smaller; says how often."""
    calls = []
    whole = module._added_as_one
    for layer in (nn.Conv3d, nn.ConvTranspose3d, nn.AvgPool3d):
        # In double precision torch's own put channels first.
        monkeypatch.setattr(layer, "forward", forwarding(layer.forward))
    monkeypatch.setattr(module, "_LARGE", 1)
    monkeypatch.setattr(module, "_VOXELS_PER_CHANNEL", 0)
    monkeypatch.setattr(module, "_AT_A_TIME", 500)
    monkeypatch.setattr(module, "_added_as_one", lambda *values: calls.append(1) or whole(*values))
    return calls


def forwarding(forward):
    return lambda *values: forward(*values).contiguous(memory_format=LAST)


def randomised(network):
    network = network.double().to(memory_format=LAST).train()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(0, 0.5)
    return network


def one_after_the_other(monkeypatch):
    monkeypatch.setattr(module, "_on_plain_cpu", lambda x: False)


def results(network, x):
    """Outputs, gradients and what the network holds after two calls."""
    found = {}
    for call in range(2):
        network.zero_grad()
        given = (x + call).requires_grad_()
        outputs = network(given)
        for number, output in enumerate([outputs] if isinstance(outputs, torch.Tensor) else outputs):
            found[f"output {call} {number}"] = output.detach().clone()
        outputs = [outputs] if isinstance(outputs, torch.Tensor) else outputs
        weights = [torch.linspace(-1, 1, each.numel(), dtype=each.dtype).view(each.shape) for each in outputs]
        sum((output * weight).sum() for output, weight in zip(outputs, weights, strict=True)).backward()
        found[f"gradient {call} of the input"] = given.grad
        for name, parameter in network.named_parameters():
            found[f"gradient {call} of {name}"] = parameter.grad
    return {**found, **network.state_dict()}


def agree(found, expected, tolerance):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        error = (found[name] - value).abs().max().item()
        # What cancels, as the gradient of a bias before a normalisation, is as small as the terms allow.
        assert error <= tolerance * max(value.abs().max().item(), 1), name


@pytest.mark.parametrize("sides", [(4, 6, 8), (3, 5, 8)])
@pytest.mark.parametrize("kind", BLOCKS)
def test_a_block_is_the_same_function(kind, sides, counted, monkeypatch):
    block = randomised(BLOCKS[kind]())
    if "downsampling" in kind:
        sides = (4, 6, 8)
    x = torch.randn(2, 6, *sides, dtype=torch.float64).to(memory_format=LAST)
    at_once = results(deepcopy(block), x)
    others = {"mini without scales", "downsampling that only pools", "residual with identity", "instance norm"}
    assert len(counted) == (0 if kind in others else 2)
    one_after_the_other(monkeypatch)
    agree(at_once, results(block, x), 1e-12)


@pytest.mark.parametrize("options", [*VARIANTS.values(), RELEASED])
def test_the_network_is_the_same_function(options, counted, monkeypatch):
    network = randomised(InceptionUNet(**SMALL, **options, deep_supervision=True))
    x = torch.randn(2, 1, 8, 16, 16, dtype=torch.float64)
    at_once = results(deepcopy(network), x)
    # The decoder's two projections at least, at two calls.
    assert len(counted) >= 4
    one_after_the_other(monkeypatch)
    agree(at_once, results(network, x), 1e-10)


def test_in_single_precision_it_is_as_exact_as_torchs_layers(monkeypatch):
    block = randomised(MiniInception(16, CUBE, Layers()))
    # Channels whose mean is thrice their spread, and one that does not vary.
    x = (torch.randn(2, 16, 24, 24, 24, dtype=torch.float64) + 3).to(memory_format=LAST)
    x[:, 3] = 50
    single = results(deepcopy(block).float(), x.float())
    one_after_the_other(monkeypatch)
    exact = results(deepcopy(block), x)
    plain = results(deepcopy(block).float(), x.float())
    for name, value in exact.items():
        if value.dtype == torch.float64:
            error, of_plain = ((each[name] - value).norm().item() for each in (single, plain))
            assert error <= 3 * of_plain + 1e-5 * value.norm().item(), name


def test_a_variance_that_cancels_makes_no_number_undefined(monkeypatch):
    """Channels that are nearly alike, and weights that take one from another."""
    alike = torch.randn(2, 1, 32, 32, 32).repeat(1, 16, 1, 1, 1)
    x = (1000 * alike + 0.001 * torch.randn(2, 16, 32, 32, 32)).to(memory_format=LAST)
    branch = nn.Sequential(nn.Conv3d(16, 16, 1, bias=False), nn.BatchNorm3d(16)).to(memory_format=LAST)
    with torch.no_grad():
        branch[0].weight.sub_(branch[0].weight.mean(1, keepdim=True))
    calls = []
    whole = module._added_as_one
    monkeypatch.setattr(module, "_added_as_one", lambda *values: calls.append(1) or whole(*values))
    total = module.added(torch.zeros_like(x), x.requires_grad_(), branch)
    total.sum().backward()
    assert calls
    assert total.isfinite().all()
    assert all(each.isfinite().all() for each in (x.grad, branch[0].weight.grad))
    assert (branch[1].running_var > 0).all()


@pytest.mark.parametrize("layout", [torch.contiguous_format, LAST])
def test_in_mixed_precision_the_layers_are_called(layout, counted):
    network = InceptionUNet(**SMALL, deep_supervision=True).to(memory_format=layout)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = network(torch.randn(2, 1, 8, 16, 16))
    sum(output.float().square().mean() for output in outputs).backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())
    assert not counted


def test_in_another_layout_and_in_evaluation_the_layers_are_called(counted):
    block = BLOCKS["mini"]()
    block(torch.randn(2, 6, 4, 4, 4))
    block.eval()(torch.randn(2, 6, 4, 4, 4).to(memory_format=LAST))
    assert not counted


def test_compiled_it_is_the_same_function(counted, monkeypatch):
    block = randomised(BLOCKS["mini"]())
    x = torch.randn(2, 6, 4, 6, 8, dtype=torch.float64).to(memory_format=LAST)
    torch._dynamo.reset()
    compiled = torch.compile(deepcopy(block), backend="aot_eager", fullgraph=True)
    found = compiled(x)
    found.sum().backward()
    assert not counted
    expected = block(x)
    assert len(counted) == 1
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_hooks_see_what_they_ask_for(counted):
    block = BLOCKS["mini"]().to(memory_format=LAST)
    seen = []
    block.right[1].register_forward_hook(lambda *values: seen.append(values[2].shape))
    block(torch.randn(2, 6, 4, 4, 4).to(memory_format=LAST))
    assert seen == [(2, 6, 4, 4, 4)]
    assert not counted


def test_large_tensors_are_taken_at_once_and_small_ones_are_not(monkeypatch):
    calls = []
    whole = module._added_as_one
    monkeypatch.setattr(module, "_added_as_one", lambda *values: calls.append(1) or whole(*values))
    block = MiniInception(8, CUBE, Layers()).to(memory_format=LAST)
    for sides, expected in (((8, 8, 8), 0), ((32, 32, 16), 1)):
        block(torch.randn(2, 8, *sides).to(memory_format=LAST))
        assert len(calls) == expected
