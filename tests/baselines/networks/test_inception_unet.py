from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn

from mswal_bench.baselines.networks.inception_blocks import (
    InceptionDownsampling,
    MiniInception,
    ResidualBlock,
)
from mswal_bench.baselines.networks.inception_unet import InceptionUNet

# What nnU-Net's ResEnc-L planner sets for a six-stage network, one input channel, seven lesions and background.
RESENC_L: dict[str, Any] = {
    "input_channels": 1,
    "n_stages": 6,
    "features_per_stage": (32, 64, 128, 256, 320, 320),
    "conv_op": nn.Conv3d,
    "kernel_sizes": [[3, 3, 3]] * 6,
    "strides": [[1, 1, 1]] + [[2, 2, 2]] * 5,
    "n_blocks_per_stage": (1, 3, 4, 6, 6, 6),
    "num_classes": 8,
    "n_conv_per_stage_decoder": (1, 1, 1, 1, 1),
    "conv_bias": True,
    "norm_op": nn.InstanceNorm3d,
    "norm_op_kwargs": {"eps": 1e-5, "affine": True},
    "dropout_op": None,
    "dropout_op_kwargs": None,
    "nonlin": nn.LeakyReLU,
    "nonlin_kwargs": {"inplace": True},
}
SMALL: dict[str, Any] = {
    "input_channels": 1,
    "n_stages": 3,
    "features_per_stage": (4, 6, 6),
    "kernel_sizes": [3, 3, 3],
    "strides": [1, 2, (1, 2, 2)],
    "n_blocks_per_stage": (2, 2, 1),
    "num_classes": 8,
    "n_conv_per_stage_decoder": (1, 2),
}


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("norm", [nn.BatchNorm3d, nn.InstanceNorm3d])
def test_parameters_for_the_resenc_l_arguments(norm):
    with torch.device("meta"):
        network = InceptionUNet(**{**RESENC_L, "norm_op": norm})
    # 110.69M in the released code, which leaves out the projection (320 x 320 weights and a norm of 2 x 320) of the
    # one downsampling that keeps its channels.
    assert parameters(network) == 110_795_592 == 110_692_552 + 320 * 320 + 2 * 320


def test_resenc_l_itself_has_what_nnunet_says():
    architectures = pytest.importorskip("dynamic_network_architectures.architectures.unet")
    with torch.device("meta"):
        network = architectures.ResidualEncoderUNet(**RESENC_L)
    assert parameters(network) == 102_354_600


def test_six_stages_are_six_downsampling_or_inception_stages():
    with torch.device("meta"):
        network = InceptionUNet(**RESENC_L)
    kinds = [[type(block) for block in stage] for stage in network.encoder]
    assert kinds[0] == [MiniInception]
    for stage, blocks in zip(kinds[1:], (3, 4, 6, 6, 6), strict=True):
        assert stage == [InceptionDownsampling] + [MiniInception] * (blocks - 1)
    assert all(type(block) is ResidualBlock for stage in network.decoder.stages for block in stage)


def test_gradients_reach_every_branch():
    network = InceptionUNet(**SMALL, deep_supervision=True)
    # Not initialised: nnU-Net's initialisation starts left branches at zero, which would hold their gradients back.
    outputs = network(torch.randn(2, 1, 8, 16, 16))
    sum(output.square().mean() for output in outputs).backward()
    still = [name for name, parameter in network.named_parameters() if not parameter.grad.abs().sum() > 0]
    # A bias before a normalisation cancels; everything else must learn.
    assert [name for name in still if not name.endswith("bias")] == []
    for kind in (MiniInception, InceptionDownsampling):
        blocks = [block for block in network.modules() if isinstance(block, kind)]
        assert blocks
        for block in blocks:
            assert block.left[0].weight.grad.abs().sum() > 0
            assert block.right[-2].weight.grad.abs().sum() > 0


def test_after_initialisation_a_block_is_its_other_branches():
    network = InceptionUNet(**SMALL)
    network.apply(network.initialize)
    block = next(block for block in network.modules() if isinstance(block, MiniInception)).eval()
    x = torch.randn(1, 4, 4, 4, 4)
    torch.testing.assert_close(block(x), torch.relu(block.right(x) + x))


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
