"""Makes the optimizers that nnU-Net's own trainer has not: AdamW, and Muon for trainings of minutes. Imports torch.

Muon: K. Jordan et al. (2024), kellerjordan.github.io/posts/muon. As in J. Liu et al. (2025), arXiv 2502.16982, the root
mean square of a step does not depend on a matrix's shape. Here it is the learning rate; theirs is a fifth of that.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .settings import Training

_MOMENTUM = 0.95
_ROUNDS = 5
_COEFFICIENTS = 3.4445, -4.7750, 2.0315
"""Of the polynomial whose repetition brings all singular values to about 1."""


def optimizer_for(network: nn.Module, training: Training) -> torch.optim.Optimizer | None:
    """The optimizer that `training` names, at its highest rate; None for `sgd`, which is nnU-Net's own to make."""
    if training.optimizer == "adamw":
        return torch.optim.AdamW(
            network.parameters(), training.learning_rate, eps=training.epsilon, weight_decay=training.weight_decay
        )
    if training.optimizer == "muon":
        return Muon(network, training.learning_rate, eps=training.epsilon, weight_decay=training.weight_decay)
    return None


class Muon(torch.optim.AdamW):
    """Steps by matrices along the weights of linear layers and of convolutions in one group, as AdamW along all others.

    A step changes a matrix about as much in each of its directions, also in those of small gradients. A convolution's
    kernel is a matrix too, with a row for each index of its first axis; torch's own Muon takes no kernels. Only the
    matrices decay.
    """

    def __init__(self, network: nn.Module, lr: float, *, eps: float, weight_decay: float) -> None:
        matrices = _matrices(network)
        known = set(matrices)
        others = [each for each in network.parameters() if each not in known]
        groups: list[dict[str, Any]] = [{"params": matrices}, {"params": others, "weight_decay": 0.0}]
        super().__init__(groups, lr, eps=eps, weight_decay=weight_decay)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Takes a step. The gradients of the matrices are gone after it. Raises ValueError for a closure."""
        if closure is not None:
            raise ValueError("this Muon takes no closure: compute the gradients before the step")
        group = self.param_groups[0]
        for weights in group["params"]:
            if weights.grad is not None:
                self._step_by_matrix(weights, weights.grad, group["lr"], group["weight_decay"])
                # So that AdamW leaves them out.
                weights.grad = None
        return super().step()

    def _step_by_matrix(self, weights: Tensor, gradient: Tensor, rate: float, decay: float) -> None:
        state = self.state[weights]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(weights)
            # AdamW asks for it where a checkpoint is loaded.
            state["step"] = torch.tensor(0.0)
        state["momentum"].lerp_(gradient, 1 - _MOMENTUM)
        step = orthogonal(gradient.lerp(state["momentum"], _MOMENTUM).flatten(1))
        weights.mul_(1 - rate * decay)
        weights.add_(step.view(weights.shape), alpha=-rate * max(step.shape) ** 0.5)


def orthogonal(matrix: Tensor) -> Tensor:
    """The matrix (m, n) with singular values of about 1 (0.68 to 1.21) in the place of its own.

    Those below about 0.002 of the matrix's norm grow as well, up to 485 times, but stay smaller. Of zeros, zeros.
    """
    first, third, fifth = _COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    turned = matrix.T if tall else matrix
    # No singular value is above 1 then, as the polynomial wants them.
    turned = turned / turned.norm().clamp_min(1e-7)
    for _ in range(_ROUNDS):
        square = turned @ turned.T
        turned = torch.addmm(turned, torch.addmm(square, square, square, beta=third, alpha=fifth), turned, beta=first)
    return turned.T if tall else turned


def _matrices(network: nn.Module) -> list[Tensor]:
    """The weights of linear layers and of convolutions, less those in groups, which are many small matrices."""
    layers = (nn.Linear, nn.modules.conv._ConvNd)
    found = [each for each in network.modules() if isinstance(each, layers) and getattr(each, "groups", 1) == 1]
    # Layers may share weights.
    return list(dict.fromkeys(each.weight for each in found))
