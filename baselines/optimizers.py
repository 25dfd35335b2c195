"""Makes the optimizers that nnU-Net has not: AdamW, and Muon for trainings of minutes. Imports torch.

Muon: K. Jordan et al. (2024), kellerjordan.github.io/posts/muon. As in J. Liu et al. (2025), arXiv 2502.16982, a step
is as large for matrices of all shapes; here its root mean square is the learning rate, which is five times as large.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .nnunet.settings import Training

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
    """Steps by matrices along the weights of convolutions and linear layers, and as AdamW along all other parameters.

    A step along a matrix changes it equally much in all its directions: rare lesions move few of them, and AdamW little
    of those. A convolution's kernel is a matrix with a row for each index of its first axis; torch's own Muon takes
    none. Weight decay is that of the matrices alone.
    """

    def __init__(self, network: nn.Module, lr: float, *, eps: float, weight_decay: float) -> None:
        matrices = _matrices(network)
        known = {id(each) for each in matrices}
        others = [each for each in network.parameters() if id(each) not in known]
        groups: list[dict[str, Any]] = [{"params": matrices}, {"params": others, "weight_decay": 0.0}]
        super().__init__(groups, lr, eps=eps, weight_decay=weight_decay)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Takes a step. The gradients of the matrices are gone after it."""
        group = self.param_groups[0]
        for weights in group["params"]:
            if weights.grad is not None:
                self._step_by_matrix(weights, weights.grad, group["lr"], group["weight_decay"])
                # So that AdamW leaves them out.
                weights.grad = None
        return super().step(closure)

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
    """About the nearest matrix (m, n) whose singular values are all 1: they become 0.7 to 1.2. Of zeros, zeros."""
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
    return list({id(each.weight): each.weight for each in found}.values())
