"""Reads what training left for prediction: the networks of the folds, and what else their training decided.

A method that was trained in the workspace has checkpoints and training cases there; one that was handed on has stored
weights and a document. Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from torch import Tensor, nn

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.stored_weights import StoredWeights, WeightsError

from .checkpoints import final_checkpoint, load_checkpoint
from .planned_network import first_names
from .plans import GIVEN_LABELS, read_dataset_json, read_plans, read_prediction, read_training_cases
from .speck_filter import shares_of_smallest_mm3
from .workspace import Workspace


@dataclass(frozen=True)
class TrainedFolds:
    """The folds that were trained in a workspace, or that `stored` holds in their place."""

    workspace: Workspace
    stored: Mapping[int, StoredWeights] | None = None

    def weights(self, fold: int, network: nn.Module) -> dict[str, Tensor]:
        """The state of `network`, which is the planned one; values stay in their file until they are used.

        Raises MethodError for a file that is not a network's, or another network's.
        """
        if self.stored is None:
            weights: dict[str, Tensor] = self._checkpoint(fold)["network_weights"]
            return weights
        place = self.stored[fold]
        try:
            tensors = place.tensors()
        except WeightsError as error:
            raise MethodError(f"The weights of fold {fold} in {place.path} cannot be read: {error}.") from error
        first, state = first_names(network), network.state_dict()
        expected = {name: tuple(state[name].shape) for name in dict.fromkeys(first.values())}
        if {name: tuple(tensor.shape) for name, tensor in tensors.items()} != expected:
            raise MethodError(f"The weights of fold {fold} in {place.path} are not those of the network of its plans.")
        return {name: tensors[of] for name, of in first.items()}

    def mirroring_axes(self, fold: int) -> Sequence[int]:
        """The axes along which the network was trained with flips; none without."""
        of = self._checkpoint(fold) if self.stored is None else None
        axes: Sequence[int] | None = (
            read_prediction(self.workspace)["mirroring_axes"] if of is None else of["inference_allowed_mirroring_axes"]
        )
        return axes or ()

    def speck_limits_mm3(self, folds: Sequence[int], share: float) -> dict[int, float]:
        """As the function of that name; `share` counts for a method that was trained here."""
        if self.stored is None:
            return speck_limits_mm3(self.workspace, folds, share)
        limits: dict[int, float] = {}
        for fold in folds:
            # What is smallest among the cases of several folds is the smallest of one of them.
            for class_id, mm3 in read_prediction(self.workspace)["speck_limits_mm3"].get(str(fold), {}).items():
                limits[int(class_id)] = min(mm3, limits.get(int(class_id), mm3))
        return limits

    def _checkpoint(self, fold: int) -> dict[str, Any]:
        return load_checkpoint(final_checkpoint(self.workspace, fold), mapped=True)


def speck_limits_mm3(workspace: Workspace, folds: Sequence[int], share: float) -> dict[int, float]:
    """The volume of each class below which a predicted component is a speck: what `share` says of the cases that the
    folds train on. Empty where it is 0.
    """
    reader = PlansManager(read_plans(workspace)).image_reader_writer_class()
    ending = read_dataset_json(workspace)["file_ending"]
    cases = read_training_cases(workspace, folds)
    # nnU-Net's copy of the label maps as given: those it preprocessed are on the network's grid.
    label_maps = (reader.read_seg(str(workspace.preprocessed / GIVEN_LABELS / f"{c}{ending}")) for c in cases)
    lesions = ((labels[0].astype(np.uint8), found["spacing"]) for labels, found in label_maps)
    return shares_of_smallest_mm3(share, lesions)
