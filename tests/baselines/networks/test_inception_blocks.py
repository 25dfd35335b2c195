"""The blocks of Inception nnU-Net against the formulas of the paper, written out in numpy."""

from collections.abc import Callable

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from mswal_bench.baselines.networks.inception_blocks import (
    Branches,
    InceptionDownsampling,
    Layers,
    MiniInception,
    ResidualBlock,
)

EPSILON = 1e-5
CUBE = (3, 3, 3)


def conv(x, layer, stride=(1, 1, 1)):
    """A convolution as a sum over its taps; x is (channel, z, y, x)."""
    weight = layer.weight.detach().double().numpy()
    kernel = weight.shape[2:]
    pads = [(side - 1) // 2 for side in kernel]
    padded = np.pad(x, [(0, 0), *((pad, pad) for pad in pads)])
    sides = [
        (n + 2 * pad - side) // step + 1 for n, pad, side, step in zip(x.shape[1:], pads, kernel, stride, strict=True)
    ]
    out = np.zeros((weight.shape[0], *sides))
    for tap in np.ndindex(*kernel):
        window = padded[
            (slice(None), *(slice(t, t + (n - 1) * s + 1, s) for t, n, s in zip(tap, sides, stride, strict=True)))
        ]
        out += np.einsum("oi,izyx->ozyx", weight[(slice(None), slice(None), *tap)], window)
    if layer.bias is not None:
        out += layer.bias.detach().double().numpy()[:, None, None, None]
    return out


def batch_norm(x, layer):
    """Batch normalisation of a batch of one in training: by the mean and variance of each channel."""
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    variance = x.var(axis=(1, 2, 3), keepdims=True)
    weight = layer.weight.detach().double().numpy()[:, None, None, None]
    bias = layer.bias.detach().double().numpy()[:, None, None, None]
    return (x - mean) / np.sqrt(variance + EPSILON) * weight + bias


def average_pool(x, step):
    c, z, y, w = x.shape
    a, b, d = step
    return x.reshape(c, z // a, a, y // b, b, w // d, d).mean(axis=(2, 4, 6))


def relu(x):
    return np.maximum(x, 0)


def left(x, branch, stride=(1, 1, 1)):
    x = relu(batch_norm(conv(x, branch[0], stride), branch[1]))
    return batch_norm(conv(x, branch[3]), branch[4])


def randomised(block):
    """The block in double precision, every parameter (those of the norms too) drawn anew."""
    block = block.double().train()
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.normal_(0, 0.5)
    return block


def agree(block, formula: Callable[[np.ndarray], np.ndarray], channels: int) -> None:
    x = torch.randn(1, channels, 4, 6, 8, dtype=torch.float64)
    expected = formula(x[0].numpy())
    np.testing.assert_allclose(block(x)[0].detach().numpy(), expected, atol=1e-9)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("kernel", [CUBE, (1, 3, 3)])
@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("residual", [True, False])
def test_mini_inception_is_left_plus_right_plus_input(kernel, right, residual):
    block = randomised(MiniInception(3, kernel, Layers(), Branches(mini_right=right, mini_residual=residual)))

    def formula(x):
        total = left(x, block.left)
        if right:
            once = batch_norm(conv(x, block.right[0]), block.right[1])
            total = total + batch_norm(conv(once, block.right[2]), block.right[3])
        if residual:
            total = total + x
        return relu(total)

    agree(block, formula, 3)


@pytest.mark.parametrize("stride", [(2, 2, 2), (1, 2, 2)])
@pytest.mark.parametrize("channels_out", [3, 5])
def test_inception_downsampling_is_left_plus_pooled_right(stride, channels_out):
    block = randomised(InceptionDownsampling(3, channels_out, CUBE, stride, Layers()))

    def formula(x):
        right = batch_norm(conv(average_pool(x, stride), block.right[1]), block.right[2])
        return relu(left(x, block.left, stride) + right)

    agree(block, formula, 3)


@pytest.mark.parametrize("stride", [(2, 2, 2), (1, 1, 1)])
def test_inception_downsampling_without_its_left_branch_is_its_right_one(stride):
    block = randomised(InceptionDownsampling(3, 5, CUBE, stride, Layers(), Branches(downsampling_left=False)))

    def formula(x):
        return relu(batch_norm(conv(average_pool(x, stride), block.right[-2]), block.right[-1]))

    agree(block, formula, 3)


def test_a_block_heeds_its_own_switches_only():
    mini, downsampling = Branches(mini_right=False, mini_residual=False), Branches(downsampling_left=False)
    assert repr(MiniInception(3, CUBE, Layers(), downsampling)) == repr(MiniInception(3, CUBE, Layers()))
    one, other = (InceptionDownsampling(3, 5, CUBE, (2, 2, 2), Layers(), each) for each in (mini, Branches()))
    assert repr(one) == repr(other)


def test_inception_downsampling_that_only_changes_channels_does_not_pool():
    block = randomised(InceptionDownsampling(3, 5, CUBE, (1, 1, 1), Layers()))

    def formula(x):
        return relu(left(x, block.left) + batch_norm(conv(x, block.right[0]), block.right[1]))

    agree(block, formula, 3)


@pytest.mark.parametrize("channels_out", [3, 5])
def test_residual_block_adds_its_input_or_a_projection(channels_out):
    block = randomised(ResidualBlock(3, channels_out, CUBE, Layers()))

    def formula(x):
        skip = x if channels_out == 3 else batch_norm(conv(x, block.skip[0]), block.skip[1])
        return relu(left(x, block.left) + skip)

    agree(block, formula, 3)
