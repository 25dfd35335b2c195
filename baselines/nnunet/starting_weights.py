"""Begins a network with the weights of a trained one, where they fit. Importing this module imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from torch import Tensor, nn

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.weight_fit import WeightFit

from .checkpoints import load_checkpoint
from .planned_network import planned_network
from .plans import read_dataset_json, read_plans
from .workspace import Workspace


def fitting_weights(workspace: Workspace, start: Path, *, deep_supervision: bool) -> WeightFit:
    """What the network that is planned in `workspace` takes over from the checkpoint `start`.

    Raises MethodError when that is nothing.
    """
    plans, dataset_json = PlansManager(read_plans(workspace)), read_dataset_json(workspace)
    network = planned_network(plans, dataset_json, deep_supervision=deep_supervision)
    return load_fitting(network, start, plans, dataset_json, deep_supervision=deep_supervision)


def load_fitting(
    network: nn.Module,
    start: Path,
    plans: PlansManager,
    dataset_json: Mapping[str, Any],
    *,
    deep_supervision: bool,
) -> WeightFit:
    """Copies what fits from the checkpoint `start` into `network`, which is planned by `plans`.

    The output layers are left as they are, and so is the state of torch's random numbers: a training from scratch draws
    the same patches and the same output layers. Raises MethodError when nothing fits.
    """
    weights: dict[str, Tensor] = load_checkpoint(start)["network_weights"]
    # The networks have the most different names for their output layers; these alone change with the classes.
    with torch.random.fork_rng(devices=[]):
        other = planned_network(plans, dataset_json, deep_supervision=deep_supervision, more_classes=1)
    fit, taken = weights_that_fit(network, other, weights)
    if not fit.loaded:
        raise MethodError(
            f"Nothing in {start} fits the network that is planned for this data set: no tensor has the name and the "
            "shape of one of its own. Begin with a training of the same method under the same budget."
        )
    network.load_state_dict(taken, strict=False)
    return fit


def weights_that_fit(
    network: nn.Module, other: nn.Module, weights: Mapping[str, Tensor]
) -> tuple[WeightFit, dict[str, Tensor]]:
    """The fit, and the tensors of `weights` that `network` takes, running means and the like among them."""
    own, others = network.state_dict(), other.state_dict()
    output = {name for name, tensor in own.items() if others[name].shape != tensor.shape}
    taken = {
        name: weights[name]
        for name, tensor in own.items()
        if name not in output and name in weights and weights[name].shape == tensor.shape
    }
    # Of a tensor with several names, the first: each counts once.
    sizes = {name: parameter.numel() for name, parameter in network.named_parameters()}
    fit = WeightFit(
        loaded={name: size for name, size in sizes.items() if name in taken},
        output={name: size for name, size in sizes.items() if name in output},
        unlike={name: size for name, size in sizes.items() if name not in taken and name not in output},
        unused=tuple(name for name in weights if name not in own),
    )
    return fit, taken
