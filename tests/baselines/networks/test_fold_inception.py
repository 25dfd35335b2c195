from copy import deepcopy

import pytest

torch = pytest.importorskip("torch")
from torch import nn

from mswal_bench.baselines.networks.fold_inception import can_fold, folded, folded_weights
from mswal_bench.baselines.networks.inception_blocks import MiniInception
from mswal_bench.baselines.networks.inception_unet import InceptionUNet

from .inception_arguments import RELEASED, RESENC_L, SMALL, VARIANTS

X_SHAPE = (2, 1, 8, 16, 16)


def trained(seed=0, **options):
    """A network in which nothing is one or zero by default: statistics, scales and shifts too are drawn."""
    torch.manual_seed(seed)
    network = InceptionUNet(**{**SMALL, **options})
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.5)
            module.running_var.uniform_(0.3, 3)
            if module.affine:
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.5)
    return network.eval()


def agree(network, other) -> None:
    x = torch.randn(*X_SHAPE)
    with torch.no_grad():
        expected, found = network(x), other(x)
    if isinstance(expected, torch.Tensor):
        expected, found = [expected], [found]
    assert len(found) == len(expected)
    for one, same in zip(expected, found, strict=True):
        assert one.shape == same.shape
        # In units of the logits' own spread. A normalisation or a branch left out changes them by whole units.
        spread = one.std()
        assert spread > 0.01
        assert ((one - same).abs().max() / spread).item() < 1e-4


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("deep_supervision", [False, True])
def test_gives_the_same(variant, deep_supervision):
    network = trained(**VARIANTS[variant], deep_supervision=deep_supervision)
    agree(network, folded(network))


@pytest.mark.parametrize(
    "options",
    [
        {"conv_bias": False},
        {"norm_op_kwargs": {"affine": False}},
        {"norm_op_kwargs": {"eps": 0.1}},
        {"nonlin": nn.LeakyReLU},
        {"nonlin": nn.PReLU, "nonlin_kwargs": {"init": 0.3}},
        {"kernel_sizes": [(1, 3, 3), 3, 3]},
        RELEASED,
        {**RELEASED, "downsampling_left": False},
        # Nothing is pooled, and the last stage has Mini Inceptions only.
        {"strides": [1, 1, 1]},
    ],
)
def test_gives_the_same_for_other_arguments(options):
    network = trained(**options)
    agree(network, folded(network))


def test_deep_supervision_is_switched_as_on_any_other():
    network = trained()
    result = folded(network)
    network.decoder.deep_supervision = result.decoder.deep_supervision = True
    assert len(result(torch.randn(*X_SHAPE))) == 2
    agree(network, result)
    result.decoder.deep_supervision = False
    assert result(torch.randn(*X_SHAPE)).shape == (2, 8, 8, 16, 16)


def test_a_network_in_training_is_folded_as_it_would_predict():
    network = trained()
    result = folded(network.train())
    assert network.training
    assert not result.training
    agree(network.eval(), result)


@pytest.mark.parametrize("variant", ["I", "V"])
def test_leaves_the_original_alone(variant):
    network = trained(**VARIANTS[variant]).train()
    before, state = repr(network), deepcopy(network.state_dict())
    modes = [module.training for module in network.modules()]
    result = folded(network)
    for parameter in result.parameters():
        parameter.zero_()
    assert repr(network) == before
    assert [module.training for module in network.modules()] == modes
    assert all(parameter.requires_grad for parameter in network.parameters())
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, state[name], rtol=0, atol=0)
    assert not {id(module) for module in network.modules()} & {id(module) for module in result.modules()}


@pytest.mark.parametrize("variant", VARIANTS)
def test_is_smaller(variant):
    network = trained(**VARIANTS[variant])
    result = folded(network)
    assert not [module for module in result.modules() if isinstance(module, nn.BatchNorm3d)]
    assert sum(p.numel() for p in result.parameters()) < sum(p.numel() for p in network.parameters())
    assert len(list(result.modules())) < len(list(network.modules()))


def test_parameters_for_the_resenc_l_arguments():
    with torch.device("meta"):
        network = InceptionUNet(**{**RESENC_L, "norm_op": nn.BatchNorm3d})
        result = folded(network)
    # A norm of c channels has 2 c numbers. A left branch loses two; the right branch of a Mini Inception of c channels
    # goes from 2 c x c weights and two norms to c x c weights and c biases; that of an Inception Downsampling and the
    # decoder's projection trade a norm for c biases; the stem loses its norm.
    minis = [block.left[0].out_channels for block in network.modules() if isinstance(block, MiniInception)]
    downsamplings, decoder = (64, 128, 256, 320, 320), (320, 256, 128, 64, 32)
    assert sorted(minis) == [32] + [64] * 2 + [128] * 3 + [256] * 5 + [320] * 10
    lost = 4 * sum((*minis, *downsamplings, *decoder))
    lost += sum(c * c + 3 * c for c in minis) + sum(downsamplings) + sum(decoder) + 2 * 32
    assert sum(p.numel() for p in result.parameters()) == 110_795_592 - lost == 109_340_872


@pytest.mark.parametrize(
    "options",
    [
        {"norm_op": nn.InstanceNorm3d},
        {"norm_op": nn.InstanceNorm3d, "norm_op_kwargs": {"affine": True, "track_running_stats": True}},
        {"norm_op_kwargs": {"track_running_stats": False}},
    ],
)
def test_refuses_what_is_not_linear(options):
    network = InceptionUNet(**SMALL, **options)
    assert not can_fold(network)
    with pytest.raises(ValueError, match=r"cannot fold \w+Norm3d .* expected BatchNorm3d with running statistics"):
        folded(network)


def test_knows_what_it_can_fold():
    network = trained()
    assert can_fold(network)
    assert not can_fold(nn.Conv3d(1, 1, 1))
    assert not can_fold(folded(network))


def test_weights_of_an_ensemble():
    networks = [trained(seed) for seed in range(3)]
    result, weights = folded_weights(trained(9), [network.state_dict() for network in networks])
    # As nnU-Net's predictor does: the weights of each in turn into the one network.
    for network, state in zip(networks, weights, strict=True):
        result.load_state_dict(state)
        agree(network, result)
    with pytest.raises(ValueError, match="found none"):
        folded_weights(trained(), [])
