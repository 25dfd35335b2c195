"""Folds Inception nnU-Net for prediction: the same function with fewer and cheaper layers.

At prediction a batch normalisation with running statistics multiplies and shifts each channel by constants, so it goes
into the weights of the convolution before it. What is then linear from its input to its sum is one convolution: the
right branch of Mini Inception and the input beside it are a single 1 x 1 x 1 convolution (structural
re-parameterisation, as in RepVGG, Ding et al., CVPR 2021). Left branches have a nonlinearity inside and keep two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from .inception_blocks import InceptionDownsampling, MiniInception, ResidualBlock
from .inception_unet import InceptionUNet


class FoldedBlock(nn.Module):
    """`nonlinearity(sum of the branches of x)`; the first branch ends in a convolution."""

    def __init__(self, branches: Iterable[nn.Module], activation: nn.Module):
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        first, *others = self.branches
        total = first(x)
        for branch in others:
            # In place: nothing else holds what a convolution gave.
            total += branch(x)
        result: Tensor = self.activation(total)
        return result


def can_fold(network: nn.Module) -> TypeGuard[InceptionUNet]:
    """Whether `folded` takes this network: an InceptionUNet with batch normalisation and its running statistics."""
    # A network has one kind of normalisation everywhere.
    return isinstance(network, InceptionUNet) and _is_linear(network.stem[1])


def folded(network: InceptionUNet) -> nn.Module:
    """A new network that gives what the given one gives in evaluation mode, up to rounding. For prediction only.

    Takes and gives tensors of the same shapes, and has `decoder.deep_supervision` as well. Its weights have other names
    and shapes, see `folded_weights`. ValueError if a normalisation is not a batch normalisation with running
    statistics: instance normalisation divides by a property of its input, at prediction too, and is not linear.
    """
    with torch.no_grad():
        new: dict[int, Any] = {id(network.stem): nn.Sequential(*_folded_layers(network.stem))}
        for block in network.modules():
            if isinstance(block, MiniInception | InceptionDownsampling | ResidualBlock):
                new[id(block)] = FoldedBlock(_folded_branches(block), deepcopy(block.activation))
        # What deepcopy finds in its memo it takes for copied already: the copy has the new modules in place of the old.
        result: InceptionUNet = deepcopy(network, new)
    return result.requires_grad_(False).eval()


def folded_weights(
    network: InceptionUNet, weights: Sequence[Mapping[str, Tensor]]
) -> tuple[nn.Module, list[dict[str, Tensor]]]:
    """For an ensemble: a folded network, and the weights to load into it for each of the `weights` of `network`.

    `network` is left with the last of them, and with their very tensors where these can be its own: weights that are
    mapped from a file are then never copied.
    """
    result: nn.Module | None = None
    states = []
    for state in weights:
        own = network.state_dict()
        alike = all(value.dtype == own[name].dtype and value.is_contiguous() for name, value in state.items())
        network.load_state_dict(state, assign=alike)
        # What the network had before goes.
        del own
        result = folded(network)
        # Of several, copies: loading one of them into the network would overwrite the weights that are its own.
        states.append(
            {name: value.clone() if len(weights) > 1 else value for name, value in result.state_dict().items()}
        )
    if result is None:
        raise ValueError("expected the weights of one network or more, found none")
    return result, states


def _folded_branches(block: MiniInception | InceptionDownsampling | ResidualBlock) -> list[nn.Module]:
    """What takes the place of a block's branches, the one with a nonlinearity first."""
    branches: list[nn.Module] = []
    if block.left is not None:
        branches.append(nn.Sequential(*_folded_layers(block.left)))
    match block:
        case MiniInception():
            if block.right is not None:
                branches.append(_one_pointwise(_folded_layers(block.right), block.residual))
            elif block.residual:
                branches.append(nn.Identity())
        case InceptionDownsampling():
            branches.append(nn.Sequential(*_folded_layers(block.right)))
        case ResidualBlock():
            branches.append(nn.Sequential(*_folded_layers(block.skip)))
    return branches


def _folded_layers(branch: nn.Sequential) -> list[nn.Module]:
    """New layers that do what `branch` does in evaluation mode, every convolution with its normalisation in it."""
    layers = iter(branch)
    return [_with_norm(layer, next(layers)) if isinstance(layer, nn.Conv3d) else deepcopy(layer) for layer in layers]


def _with_norm(convolution: nn.Conv3d, norm: nn.Module) -> nn.Conv3d:
    if not _is_linear(norm):
        raise ValueError(
            f"cannot fold {type(norm).__name__} into a convolution: expected BatchNorm3d with running statistics"
        )
    numbers = (convolution.weight, convolution.bias, norm.running_mean, norm.running_var, norm.weight, norm.bias)
    # In double precision: a channel that hardly varied is scaled by a large number.
    doubles: list[Any] = [None if each is None else each.double() for each in numbers]
    weight, bias, mean, variance, scale, shift = doubles
    return _like(convolution, *fuse_conv_bn_weights(weight, bias, mean, variance, norm.eps, scale, shift))


def _one_pointwise(layers: Iterable[Any], add_input: bool) -> nn.Conv3d:
    """Two 1 x 1 x 1 convolutions with biases, one after the other, as one; with `add_input` its input is added."""
    first, second = layers
    outer: Tensor = second.weight.double().flatten(1)
    weight = outer @ first.weight.double().flatten(1)
    if add_input:
        weight += torch.eye(len(weight), dtype=weight.dtype, device=weight.device)
    bias = outer @ first.bias.double() + second.bias.double()
    return _like(second, weight[:, :, None, None, None], bias)


def _like(convolution: nn.Conv3d, weight: Tensor, bias: Tensor) -> nn.Conv3d:
    """A convolution of the same kind and precision with other weights."""
    kind = convolution.weight.dtype
    # The memo again: the old weights are not copied first.
    new: dict[int, Any] = {id(convolution.weight): nn.Parameter(weight.to(kind))}
    result = deepcopy(convolution, new)
    result.bias = nn.Parameter(bias.to(kind))
    return result


def _is_linear(norm: nn.Module) -> TypeGuard[Any]:
    return isinstance(norm, nn.BatchNorm3d) and norm.running_mean is not None and norm.running_var is not None
