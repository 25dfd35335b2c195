"""Takes a method on nnU-Net v2 out of its work folder, and makes of what was handed on a folder that predicts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mswal_bench.baselines.method import Budget, MethodError
from mswal_bench.baselines.portable import Documents, Portable

from .checkpoints import final_checkpoint, load_checkpoint
from .foreign_documents import UNetArguments, document_faults, form_faults, kept
from .plans import CONFIGURATION, is_planned, read_dataset_json, read_fingerprint, read_plans, write_documents
from .workspace import Workspace

if TYPE_CHECKING:
    from torch import Tensor

    from .nnunet_method import NnUNetMethod

PLANNED_CLASSES = {
    "ExperimentPlanner": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
    "nnUNetPlannerResEncL": "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet",
}
"""By planner, the network that it plans."""


@dataclass(frozen=True)
class PortableNnUNet(Portable):
    """How one method on nnU-Net v2 is handed on."""

    method: NnUNetMethod

    def documents(self, work: Path, folds: Sequence[int], budget: Budget) -> Documents:
        workspace = Workspace.of(work)
        if not is_planned(workspace):
            raise MethodError(f"{work} has no plans: nothing was prepared there.")
        axes = {_mirroring_axes(workspace, fold) for fold in folds}
        if len(axes) != 1:
            raise MethodError(f"The folds in {work} were trained with different flips, and cannot predict together.")
        with workspace.entered("cpu"):
            from .trained_folds import speck_limits_mm3

            share = self.method.recipes[budget].speck_share
            limits = {fold: speck_limits_mm3(workspace, [fold], share) for fold in folds}
        return {
            "plans": kept("plans", read_plans(workspace)),
            "dataset": kept("dataset", read_dataset_json(workspace)),
            "fingerprint": kept("fingerprint", read_fingerprint(workspace)),
            "prediction": {
                "mirroring_axes": list(*axes),
                "speck_limits_mm3": {
                    str(fold): {str(class_id): mm3 for class_id, mm3 in of_fold.items()}
                    for fold, of_fold in limits.items()
                },
            },
        }

    def weights(self, work: Path, fold: int) -> Mapping[str, Tensor]:
        weights = load_checkpoint(final_checkpoint(Workspace.of(work), fold), mapped=True)["network_weights"]
        return {name: weights[name] for name in self.shapes(work)}

    def faults(self, documents: Documents, budget: Budget | None) -> list[str]:
        # What a document is not, as a whole, need not be told in parts.
        return document_faults(documents) or [*self._architecture_faults(documents["plans"], budget)]

    def lay_out(self, documents: Documents, work: Path) -> None:
        plans = json.loads(json.dumps(documents["plans"]))
        # Where its module lies is no part of a trained method.
        plans["configurations"][CONFIGURATION]["architecture"]["network_class_name"] = self.network_class
        write_documents(Workspace.of(work), {**documents, "plans": plans})

    def shapes(self, work: Path) -> Mapping[str, tuple[int, ...]]:
        workspace = Workspace.of(work)
        with workspace.entered("cpu"):
            from .planned_network import planned_shapes

            # Of the others the size is the method's, and not all can be built from shapes alone.
            return planned_shapes(workspace, without_values=self.method.planned_arguments)

    def names(self, work: Path) -> Mapping[str, str]:
        """Every name in the state of the network that a laid out folder plans, and the first of the same tensor.

        For a network that is nnU-Net's own: those are built from shapes alone. Imports torch.
        """
        workspace = Workspace.of(work)
        with workspace.entered("cpu"):
            from .planned_network import planned_names

            return planned_names(workspace)

    @property
    def network_class(self) -> str:
        """The dotted path of the network's class."""
        return self.method.network_class or PLANNED_CLASSES[self.method.planner]

    @property
    def is_nnunets_own(self) -> bool:
        """Whether nnU-Net builds the network by itself, with no package beside those that it brings along."""
        return self.network_class.partition(".")[0] == "dynamic_network_architectures"

    def _architecture_faults(self, plans: Mapping[str, Any], budget: Budget | None) -> Iterator[str]:
        configuration = plans["configurations"][CONFIGURATION]
        architecture = configuration["architecture"]
        own, found = self.network_class.rpartition(".")[2], architecture["network_class_name"].rpartition(".")[2]
        if own != found:
            yield f"plans: the network is {found[:60]!a}, and that of {self.method.name} is {own}"
        arguments = dict(architecture["arch_kwargs"])
        fixed = self._set_by_recipe(budget)
        for key, value in fixed.items():
            if key not in arguments or arguments[key] != value:
                yield f"plans: {key} of the network is not {value!r}, which {self.method.name} sets"
        planned = {key: value for key, value in arguments.items() if key not in fixed}
        if not self.method.planned_arguments:
            if planned or architecture["_kw_requires_import"]:
                names = ", ".join(ascii(key[:40]) for key in list(planned)[:5])
                yield f"plans: the network has arguments that {self.method.name} does not set: {names}"
        else:
            # Those that the recipe sets over the planner's own are right by now.
            ours = {key: arguments[key] for key in fixed if key in UNetArguments.model_fields and key in arguments}
            faults = [*form_faults("plans: the network's arguments", UNetArguments, {**planned, **ours})]
            yield from faults
            if not faults and not UNetArguments.model_validate({**planned, **ours}, strict=False).divides(
                configuration["patch_size"]
            ):
                yield "plans: the patch cannot be halved as often as the network does"
            if set(architecture["_kw_requires_import"]) - {"conv_op", "norm_op", "dropout_op", "nonlin"}:
                yield "plans: other arguments of the network would be imported than its kinds of layers"
        if budget is not None:
            for key, value in self.method.recipes[budget].plan.configuration().items():
                if configuration[key] != value:
                    yield f"plans: {key} is not {value!r}, which {self.method.name} sets"

    def _set_by_recipe(self, budget: Budget | None) -> dict[str, Any]:
        """The network's arguments that do not depend on the data, as JSON has them."""
        by_recipe = {} if budget is None else self.method.recipes[budget].plan.arguments
        fixed: dict[str, Any] = json.loads(json.dumps({**by_recipe, **self.method.network_options}))
        return fixed


def _mirroring_axes(workspace: Workspace, fold: int) -> tuple[int, ...]:
    axes = load_checkpoint(final_checkpoint(workspace, fold), mapped=True)["inference_allowed_mirroring_axes"]
    return tuple(axes or ())
