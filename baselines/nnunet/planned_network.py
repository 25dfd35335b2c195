"""Builds the network that the plans of a workspace ask for. Importing this module imports torch and nnU-Net."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.label_handling.label_handling import determine_num_input_channels
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from mswal_bench.baselines.method import MethodError

from .plans import CONFIGURATION, read_dataset_json, read_plans
from .workspace import Workspace

_LONGEST = 200


def planned_network(
    plans: PlansManager, dataset_json: Mapping[str, Any], *, deep_supervision: bool, more_classes: int = 0
) -> torch.nn.Module:
    """The network without its first weights; `deep_supervision` makes it give all its outputs, not one.

    It has `more_classes` than the data set. Raises MethodError for plans of which none can be built.
    """
    configuration = plans.get_configuration(CONFIGURATION)
    try:
        network: torch.nn.Module = get_network_from_plans(
            configuration.network_arch_class_name,
            configuration.network_arch_init_kwargs,
            configuration.network_arch_init_kwargs_req_import,
            determine_num_input_channels(plans, configuration, dataset_json),
            plans.get_label_manager(dataset_json).num_segmentation_heads + more_classes,
            allow_init=False,
            deep_supervision=deep_supervision,
        )
    except (TypeError, ValueError, LookupError, AttributeError, AssertionError) as error:
        # What networks and nnU-Net raise for arguments that do not fit one another.
        found = f"{type(error).__name__}: {str(error)[:_LONGEST]!a}"
        raise MethodError(f"The network that the plans ask for cannot be built ({found}).") from error
    return network


def first_names(network: torch.nn.Module) -> dict[str, str]:
    """Every name in the network's state, and the first one of the same tensor: parts of a network may be shared."""
    first: dict[int, str] = {}
    state = network.state_dict(keep_vars=True)
    return {name: first.setdefault(id(tensor), name) for name, tensor in state.items()}


def planned_shapes(workspace: Workspace, *, without_values: bool) -> dict[str, tuple[int, ...]]:
    """The shapes of the planned network's tensors, each under its first name.

    `without_values` builds the network from shapes alone, in no memory; monai's Swin UNETR cannot be.
    """
    plans, dataset_json = PlansManager(read_plans(workspace)), read_dataset_json(workspace)
    with torch.device("meta" if without_values else "cpu"):
        network = planned_network(plans, dataset_json, deep_supervision=False)
    state = network.state_dict()
    return {name: tuple(state[name].shape) for name in dict.fromkeys(first_names(network).values())}


def trainable_parameters(workspace: Workspace, *, deep_supervision: bool) -> int:
    """How many numbers training changes, those of the outputs that only training uses among them."""
    plans, dataset_json = PlansManager(read_plans(workspace)), read_dataset_json(workspace)
    # With its values, which are drawn for nothing: monai's Swin UNETR cannot be built from shapes alone.
    network = planned_network(plans, dataset_json, deep_supervision=deep_supervision)
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def planned_names(workspace: Workspace) -> dict[str, str]:
    """Every name in the state of the planned network, and the first one of the same tensor.

    The network is built from shapes alone, in no memory, as can be done with those that nnU-Net plans.
    """
    plans, dataset_json = PlansManager(read_plans(workspace)), read_dataset_json(workspace)
    with torch.device("meta"):
        return first_names(planned_network(plans, dataset_json, deep_supervision=False))
