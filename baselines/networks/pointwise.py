"""Computes 1 x 1 x 1 convolutions as products of matrices while training on a CPU, and a branch of them as one.

With channels last, voxels are the rows of a matrix, and a 1 x 1 x 1 convolution is one product with it; on one thread
torch's own convolution takes many times as long. A batch normalisation after it needs no more than the mean and
covariance of its input: with `u = W x`, the mean of `u` is `W mean(x)` and its covariance `W cov(x) W'`. A branch of
such layers is therefore one product `A x + b`, of which nothing of the size of `x` is kept but `x` itself.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

_LARGE = 2**18
"""Numbers of an input for which a branch is one product. With fewer, what there is beside the products costs more."""
_VOXELS_PER_CHANNEL = 16
"""So many at least, or products of the channels' matrices cost more than those of the voxels."""
_AT_A_TIME = 2**16
"""So many numbers are worked on at a time: they stay in the processor's cache from one step to the next."""
_WIDE = 16
"""So many voxels are taken as one in what is done by channel: a few channels alone are too short a row to be quick."""


def pointwise(convolution: nn.Module, x: Tensor) -> Tensor:
    """What the 1 x 1 x 1 convolution makes of `x`."""
    if not isinstance(convolution, nn.Conv3d) or not _on_plain_cpu(x) or _is_watched(convolution):
        result: Tensor = convolution(x)
        return result
    product = nn.functional.linear(_channels_last(x), convolution.weight.flatten(1), convolution.bias)
    return product.permute(0, 4, 1, 2, 3)


def added(total: Tensor, x: Tensor, branch: Iterable[nn.Module], *, add_input: bool = False) -> Tensor:
    """`total + branch(x)`, and `x` as well with `add_input`. `total` may hold the result and is not to be used again.

    `branch` is 1 x 1 x 1 convolutions without bias, each followed by its normalisation. All others than a batch
    normalisation in training are called as they are.
    """
    layers: list[Any] = list(branch)
    if layers and _is_one_product(total, x, layers):
        return _added_as_one(total, x, layers, add_input)
    part = x
    for convolution, norm in zip(layers[::2], layers[1::2], strict=True):
        part = norm(pointwise(convolution, part))
    total = total + part
    return total + x if add_input else total


def pooled(x: Tensor, pooling: nn.AvgPool3d) -> Tensor:
    """The means over boxes that do not overlap, with channels last if `x` has them so.

    Torch's own puts channels first on a CPU, and what follows would turn them back.
    """
    sides = _per_axis(pooling.kernel_size)
    divides = all(side % step == 0 for side, step in zip(x.shape[2:], sides, strict=True))
    if not divides or not _on_plain_cpu(x) or _is_watched(pooling):
        result: Tensor = pooling(x)
        return result
    function: Any = _Pooled
    means: Tensor = function.apply(x, sides)
    return means


class _Pooled(torch.autograd.Function):
    """Sums of slices: a mean over three axes at once takes several times as long."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, sides: tuple[int, int, int]) -> Tensor:
        ctx.shape, ctx.sides = x.shape, sides
        boxes = _boxes(x, sides)
        slices = [boxes[:, :, i, :, j, :, k] for i, j, k in itertools.product(*map(range, sides))]
        total = slices[0] + slices[1] if len(slices) > 1 else slices[0].clone()
        for each in slices[2:]:
            total += each
        return total.mul_(1 / len(slices)).permute(0, 4, 1, 2, 3)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        of_x = torch.empty(ctx.shape, dtype=gradient.dtype, memory_format=torch.channels_last_3d)
        share = _channels_last(gradient) / math.prod(ctx.sides)
        _boxes(of_x, ctx.sides).copy_(share[:, :, None, :, None, :, None])
        return of_x, None


def _boxes(x: Tensor, sides: tuple[int, int, int]) -> Tensor:
    """(batch, z, in z, y, in y, x, in x, channel)"""
    batch, channels, *lengths = x.shape
    counts = [length // side for length, side in zip(lengths, sides, strict=True)]
    split = [number for pair in zip(counts, sides, strict=True) for number in pair]
    return _channels_last(x).view(batch, *split, channels)


def _per_axis(value: Any) -> tuple[int, int, int]:
    z, y, x = (value,) * 3 if isinstance(value, int) else value
    return z, y, x


def _on_plain_cpu(x: Tensor) -> bool:
    # Measured on a CPU alone. Half precision has too few digits for a covariance, and a compiler has its own ways.
    return (
        x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.float64)
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and _channels_last(x).is_contiguous()
    )


def _is_one_product(total: Tensor, x: Tensor, layers: Sequence[Any]) -> bool:
    channels = x.shape[1]
    return (
        _on_plain_cpu(x)
        and _on_plain_cpu(total)
        and x.dtype == total.dtype
        # In place of a view, torch keeps more than it saves.
        and not total._is_view()
        and x.numel() >= max(_LARGE, _VOXELS_PER_CHANNEL * channels**2)
        and all(type(norm) is nn.BatchNorm3d and norm.training and norm.affine for norm in layers[1::2])
        and not any(_is_watched(each) for each in layers)
    )


def _is_watched(layer: nn.Module) -> bool:
    # What hooks are to see never comes to be.
    return bool(layer._forward_hooks or layer._forward_pre_hooks)


def _added_as_one(total: Tensor, x: Tensor, layers: Sequence[Any], add_input: bool) -> Tensor:
    norms = layers[1::2]
    numbers = [
        number
        for convolution, norm in zip(layers[::2], norms, strict=True)
        for number in (convolution.weight, norm.weight, norm.bias)
    ]
    function: Any = _Added
    result: Tensor
    result, *statistics = function.apply(total, x, add_input, [norm.eps for norm in norms], *numbers)
    voxels = x.numel() // x.shape[1]
    for norm, mean, variance in zip(norms, statistics[::2], statistics[1::2], strict=True):
        _track(norm, mean, variance * (voxels / (voxels - 1)))
    return result


def _track(norm: nn.BatchNorm3d, mean: Tensor, variance: Tensor) -> None:
    """As a call of the batch normalisation does."""
    if norm.running_mean is None or norm.running_var is None or norm.num_batches_tracked is None:
        return
    norm.num_batches_tracked += 1
    share = 1 / norm.num_batches_tracked.item() if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), share)
    norm.running_var.lerp_(variance.to(norm.running_var.dtype), share)


class _Added(torch.autograd.Function):
    """The sum in the place of `total`, then mean and variance (biased, float64) of what each normalisation is given."""

    @staticmethod
    def forward(
        ctx: Any, total: Tensor, x: Tensor, add_input: bool, epsilons: Sequence[float], *numbers: Tensor
    ) -> tuple[Tensor, ...]:
        mean, covariance = _mean_and_covariance(x)
        small = [each.detach().double().requires_grad_() for each in (covariance, *numbers)]
        with torch.enable_grad():
            matrix, statistics = _as_one(mean, small[0], small[1:], epsilons)
        # The last normalisation's bias is the mean of the branch.
        shift = _wide(small[-1].detach() - matrix.detach() @ mean, x)
        whole = matrix.detach() + torch.eye(len(matrix), dtype=matrix.dtype) if add_input else matrix.detach()
        transposed = whole.t().to(x.dtype).contiguous()
        for into, rows in _together(total, x):
            into.view(-1, len(shift)).add_(shift)
            into.addmm_(rows, transposed)
        ctx.mean, ctx.small, ctx.matrix, ctx.whole = mean, small, matrix, whole
        ctx.save_for_backward(x)
        ctx.mark_dirty(total)
        ctx.mark_non_differentiable(*statistics)
        return total, *statistics

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last_3d)
        voxels = x.numel() // x.shape[1]
        middle = _wide(ctx.mean, x)
        of_matrix = torch.zeros(ctx.matrix.shape, dtype=x.dtype)
        for given, rows in _together(gradient, x):
            of_matrix.addmm_(given.t(), _centred(rows, middle))
        of_mean = _sum_of_voxels(gradient)
        of_covariance, *of_numbers = torch.autograd.grad(
            # Biases change the matrix in nothing: all but the last are taken away by the next normalisation.
            ctx.matrix,
            ctx.small,
            of_matrix.double(),
            materialize_grads=True,
        )
        of_numbers[-1] = of_mean
        twice = (of_covariance + of_covariance.t()) / voxels
        constant = _wide(-ctx.matrix.detach().t() @ of_mean / voxels - twice @ ctx.mean, x)
        through_covariance, through_product = twice.to(x.dtype), ctx.whole.to(x.dtype)
        of_x = torch.empty_like(x)
        for into, given, rows in _together(of_x, gradient, x):
            torch.mm(rows, through_covariance, out=into)
            into.addmm_(given, through_product)
            into.view(-1, len(constant)).add_(constant)
        return gradient, of_x, None, None, *(each.to(x.dtype) for each in of_numbers)


def _as_one(
    mean: Tensor, covariance: Tensor, numbers: Sequence[Tensor], epsilons: Sequence[float]
) -> tuple[Tensor, list[Tensor]]:
    """The whole branch's matrix, and mean and variance of what each of its normalisations is given."""
    matrix = torch.eye(len(mean), dtype=mean.dtype)
    # The mean of what the next convolution is given.
    level = mean
    statistics = []
    for weight, scale, bias, epsilon in zip(numbers[::3], numbers[1::3], numbers[2::3], epsilons, strict=True):
        product = weight.flatten(1) @ matrix
        # What nearly cancels may come out a little below 0.
        variance = ((product @ covariance) * product).sum(1).clamp(min=0)
        statistics += [(weight.flatten(1) @ level).detach(), variance.detach()]
        matrix = (scale * torch.rsqrt(variance + epsilon))[:, None] * product
        level = bias
    return matrix, statistics


def _mean_and_covariance(x: Tensor) -> tuple[Tensor, Tensor]:
    """Of the channels, float64: (C) and (C, C). Of differences from the mean, for squares would lose digits."""
    mean = _sum_of_voxels(x) / (x.numel() // x.shape[1])
    middle = _wide(mean, x)
    products = torch.zeros(len(mean), len(mean), dtype=x.dtype)
    for (rows,) in _together(x):
        centred = _centred(rows, middle)
        products.addmm_(centred.t(), centred)
    return mean, products.double() / (x.numel() // x.shape[1])


def _centred(rows: Tensor, middle: Tensor) -> Tensor:
    return rows.view(-1, len(middle)).sub(middle).view(rows.shape)


def _sum_of_voxels(x: Tensor) -> Tensor:
    width = _at_once(x) * x.shape[1]
    sums = torch.zeros(width, dtype=torch.float64)
    for (rows,) in _together(x):
        sums += rows.view(-1, width).sum(0)
    return sums.view(-1, x.shape[1]).sum(0)


def _wide(by_channel: Tensor, x: Tensor) -> Tensor:
    """Repeated for all voxels that are taken as one."""
    return by_channel.to(x.dtype).repeat(_at_once(x))


def _at_once(x: Tensor) -> int:
    return math.gcd(x.numel() // x.shape[1], _WIDE)


def _together(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The same voxels (row, channel) of each tensor, some at a time, as they lie in memory."""
    widest = max(each.shape[1] for each in tensors)
    voxels = max(_AT_A_TIME // widest // _WIDE, 1) * _WIDE
    rows: list[Any] = [_channels_last(each).flatten(0, 3) for each in tensors]
    return zip(*(each.split(voxels) for each in rows), strict=True)


def _channels_last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 4, 1)
