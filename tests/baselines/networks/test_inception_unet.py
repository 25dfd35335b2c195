import pytest

torch = pytest.importorskip("torch")
from torch import nn

from mswal_bench.baselines.networks.inception_blocks import (
    InceptionDownsampling,
    MiniInception,
    ResidualBlock,
)
from mswal_bench.baselines.networks.inception_unet import InceptionUNet

from .inception_arguments import RELEASED, RESENC_L, SMALL, VARIANTS


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_parameters_beside_the_released_code():
    with torch.device("meta"):
        network, released = InceptionUNet(**RESENC_L), InceptionUNet(**RESENC_L, **RELEASED)
    # The released code leaves out the projection (320 x 320 weights and a norm of 2 x 320) of the one downsampling that
    # keeps its channels.
    assert parameters(released) == 110_692_552
    assert parameters(network) == parameters(released) + 320 * 320 + 2 * 320


def test_the_released_code_only_pools_where_channels_stay():
    network = InceptionUNet(**SMALL, **RELEASED)
    changing, keeping = (stage[0].right for stage in list(network.encoder)[1:])
    assert [type(layer) for layer in changing] == [nn.AvgPool3d, nn.Conv3d, nn.BatchNorm3d]
    assert [type(layer) for layer in keeping] == [nn.AvgPool3d]


def test_the_released_decoder_has_mini_inceptions_after_a_stages_first_block():
    released, paper = InceptionUNet(**SMALL, **RELEASED), InceptionUNet(**SMALL)
    kinds = [[type(block) for block in stage] for stage in released.decoder.stages]
    assert kinds == [[ResidualBlock], [ResidualBlock, MiniInception]]
    assert [type(block) for block in paper.decoder.stages[1]] == [ResidualBlock, ResidualBlock]


# Each right branch of a Mini Inception of c channels has 2 c x c weights and two norms of 2 c; there are 1, 2, 3, 5 and
# 10 of 32, 64, 128, 256 and 320 channels.
MINI_RIGHTS = 2_840_192
# Each left branch of an Inception Downsampling from b to c channels has 27 c (b + c) weights, two biases and two norms,
# 6 c; they are from 32 to 64, to 128, to 256, to 320 and to 320 channels.
DOWNSAMPLING_LEFTS = 13_996_416


@pytest.mark.parametrize("variant", VARIANTS)
def test_parameters_of_the_variants(variant):
    switches = VARIANTS[variant]
    with torch.device("meta"):
        network, whole = InceptionUNet(**RESENC_L, **switches), InceptionUNet(**RESENC_L)
    missing = MINI_RIGHTS * (not switches["mini_right"]) + DOWNSAMPLING_LEFTS * (not switches["downsampling_left"])
    assert parameters(network) == parameters(whole) - missing


def test_variant_v_is_the_network_itself():
    torch.manual_seed(0)
    default = InceptionUNet(**SMALL)
    torch.manual_seed(0)
    variant = InceptionUNet(**SMALL, **VARIANTS["V"])
    assert repr(variant) == repr(default)
    x = torch.randn(2, 1, 8, 16, 16)
    torch.testing.assert_close(variant(x), default(x), rtol=0, atol=0)


def test_six_stages_are_six_downsampling_or_inception_stages():
    with torch.device("meta"):
        network = InceptionUNet(**RESENC_L)
    kinds = [[type(block) for block in stage] for stage in network.encoder]
    assert kinds[0] == [MiniInception]
    for stage, blocks in zip(kinds[1:], (3, 4, 6, 6, 6), strict=True):
        assert stage == [InceptionDownsampling] + [MiniInception] * (blocks - 1)
    assert all(type(block) is ResidualBlock for stage in network.decoder.stages for block in stage)


def without_gradient(network):
    """The parameters that a step would leave as they are, but biases: before a normalisation they cancel."""
    outputs = network(torch.randn(2, 1, 8, 16, 16))
    sum(output.square().mean() for output in outputs).backward()
    still = [name for name, parameter in network.named_parameters() if not parameter.grad.abs().sum() > 0]
    return [name for name in still if not name.endswith("bias")]


@pytest.mark.parametrize("variant", VARIANTS)
def test_gradients_reach_every_branch(variant):
    switches = VARIANTS[variant]
    network = InceptionUNet(**SMALL, **switches, deep_supervision=True)
    # Not initialised: nnU-Net's initialisation starts left branches at zero, which would hold their gradients back.
    assert without_gradient(network) == []
    for kind, has_left, has_right in (
        (MiniInception, True, switches["mini_right"]),
        (InceptionDownsampling, switches["downsampling_left"], True),
    ):
        blocks = [block for block in network.modules() if isinstance(block, kind)]
        assert blocks
        for block in blocks:
            assert (block.left is not None, block.right is not None) == (has_left, has_right)
            assert not has_left or block.left[0].weight.grad.abs().sum() > 0
            assert not has_right or block.right[-2].weight.grad.abs().sum() > 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_after_initialisation_a_block_is_its_other_branches(variant):
    network = InceptionUNet(**SMALL, **VARIANTS[variant])
    network.apply(network.initialize)
    mini, downsampling = (
        next(block for block in network.modules() if isinstance(block, kind)).eval()
        for kind in (MiniInception, InceptionDownsampling)
    )
    x = torch.randn(1, 4, 4, 4, 4)
    right = 0 if mini.right is None else mini.right(x)
    others = {"I": mini.left(x), "IV": right}.get(variant, right + x)
    torch.testing.assert_close(mini(x), torch.relu(others))
    torch.testing.assert_close(downsampling(x), torch.relu(downsampling.right(x)))


def test_a_left_branch_alone_does_not_start_at_zero():
    network = InceptionUNet(**SMALL, **VARIANTS["I"], deep_supervision=True)
    network.apply(network.initialize)
    # Were it zero, the first block would give zeros and its ReLU let no gradient through. The decoder's do start at
    # zero, beside their skips.
    assert [name for name in without_gradient(network) if not name.startswith("decoder.stages")] == []


def test_shapes_and_deep_supervision():
    network = InceptionUNet(**SMALL)
    x = torch.randn(2, 1, 8, 16, 16)
    assert network(x).shape == (2, 8, 8, 16, 16)
    network.decoder.deep_supervision = True
    assert [tuple(output.shape) for output in network(x)] == [(2, 8, 8, 16, 16), (2, 8, 4, 8, 8)]


def test_norm_and_nonlinearity_are_those_asked_for():
    default = InceptionUNet(**SMALL)
    assert any(isinstance(module, nn.BatchNorm3d) for module in default.modules())
    assert any(isinstance(module, nn.ReLU) for module in default.modules())
    released = InceptionUNet(**SMALL, norm_op=nn.InstanceNorm3d, nonlin=nn.LeakyReLU)
    kinds = {type(module) for module in released.modules()}
    assert {nn.InstanceNorm3d, nn.LeakyReLU} <= kinds
    assert not {nn.BatchNorm3d, nn.ReLU} & kinds


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"features_per_stage": (4, 6)}, "features_per_stage has 2 entries"),
        ({"n_conv_per_stage_decoder": (1,)}, "n_conv_per_stage_decoder has 1 entries"),
        ({"conv_op": nn.Conv2d}, "expected Conv3d, found Conv2d"),
        ({"dropout_op": nn.Dropout3d}, "no dropout"),
    ],
)
def test_refuses_what_it_cannot_be(change, words):
    with pytest.raises(ValueError, match=words):
        InceptionUNet(**{**SMALL, **change})
