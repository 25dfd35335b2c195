"""Fills a network and its input by a formula: the same numbers on every machine and with every version of torch.

Numbers are whole until the last steps, so that no library's random numbers are in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod, sqrt
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

POINTS_OF_AN_OUTPUT = 80
_INPUT = 1_000_003
"""The number of the input, far from those of tensors."""


def network_input(shape: Sequence[int]) -> Tensor:
    """A batch in double precision."""
    return torch.from_numpy(_numbers(shape, _INPUT))


def formula_tensor(number: int, name: str, shape: Sequence[int]) -> Tensor:
    """The tensor of that number and shape, in double precision.

    Weights of layers have a spread that about keeps that of what goes through, those of normalisations and running
    variances, which the end of the `name` tells, are around 1, all else is around 0.
    """
    numbers = _numbers(shape, number)
    if len(shape) > 1:
        return torch.from_numpy(numbers * (2 / sqrt(prod(shape[1:]))))
    return torch.from_numpy(numbers / 4 + name.endswith(("weight", "running_var")))


def unique_tensors(network: nn.Module) -> dict[str, Tensor]:
    """The floating point tensors of a network's state, each under the first of its names: parts may be shared."""
    first: dict[int, str] = {}
    state = network.state_dict(keep_vars=True)
    return {
        name: tensor
        for name, tensor in state.items()
        if tensor.is_floating_point() and first.setdefault(id(tensor), name) == name
    }


def points(outputs: Any) -> list[dict[str, Any]]:
    """Of each output of a network its shape, and its values at places that are spread over it."""
    every: Iterable[Tensor] = [outputs] if isinstance(outputs, Tensor) else outputs
    return [
        {"shape": list(output.shape), "values": output.detach().flatten()[_places(output.numel())].tolist()}
        for output in every
    ]


def _numbers(shape: Sequence[int], number: int) -> NDArray[np.float64]:
    """Numbers from -1 to 1 that look random; the whole numbers they are made of are below 2 ** 32."""
    whole = (np.arange(prod(shape), dtype=np.uint64) + np.uint64(number * 1_000_003)) % np.uint64(2**32)
    for _ in range(2):
        whole = (whole ^ (whole >> np.uint64(16))) * np.uint64(0x45D9F3B) % np.uint64(2**32)
    whole ^= whole >> np.uint64(16)
    return (whole.astype(np.float64) / 2.0**31 - 1).reshape(tuple(shape))


def _places(size: int) -> Tensor:
    # Steps of the golden ratio, in whole numbers: they come near every place and to none often.
    steps = torch.arange(POINTS_OF_AN_OUTPUT, dtype=torch.int64) * 2_654_435_769 % 2**32
    return steps * size // 2**32
