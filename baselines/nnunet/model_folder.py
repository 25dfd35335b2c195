"""Writes a trained method as the folder that nnU-Net's own commands predict with, and reads their checkpoints.

Importing this module imports torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mswal_bench.baselines.checkpoint_reading import CheckpointError, read_checkpoint
from mswal_bench.baselines.portable import Documents

from .plans import CONFIGURATION

CHECKPOINT = "checkpoint_final.pth"
TRAINER = "nnUNetTrainer"
"""The trainer that builds the network which the plans name."""
_KINDS = frozenset({torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64})
_LONGEST_NAME = 60


@dataclass(frozen=True)
class OwnCheckpoint:
    """What a checkpoint of nnU-Net's says."""

    path: Path
    trainer: str
    configuration: str
    mirroring_axes: tuple[int, ...]
    epochs: int | None
    state: Mapping[Any, Any]
    """The network's, as it was found. Values stay in the file until they are used."""

    def weights(self, names: Mapping[str, str], shapes: Mapping[str, tuple[int, ...]]) -> Mapping[str, Tensor]:
        """The tensors of the network, each under its first name.

        `names` leads from every name in the network's state to the first of the same tensor, and `shapes` has the shape
        of each by its first name. Raises CheckpointError for the state of another network.
        """
        state = self.state
        wrong = [*(name for name in names if name not in state), *(name for name in state if name not in names)]
        if wrong:
            shown = ascii(str(wrong[0])[:_LONGEST_NAME])
            what = f"lacks {shown}" if wrong[0] in names else f"has {shown}, which the network of its plans has not"
            raise CheckpointError(self.path, f"is another network's: it {what}")
        for name, of in names.items():
            tensor, shown = state[name], ascii(name[:_LONGEST_NAME])
            if not _is_plain(tensor):
                raise CheckpointError(self.path, f"has no numbers of a network as {shown}")
            if tuple(tensor.shape) != shapes[of]:
                found = f"{shown} is of shape {tuple(tensor.shape)}, not {shapes[of]}"
                raise CheckpointError(self.path, f"is another network's: {found}")
            if name != of and not _same(tensor, state[of]):
                raise CheckpointError(self.path, f"has two values of one tensor, {shown}")
        return {name: state[name] for name in shapes}


def read_own_checkpoint(path: Path) -> OwnCheckpoint:
    """Reads a checkpoint that nnU-Net wrote, and runs nothing that it names.

    Raises CheckpointError for another file.
    """
    content = read_checkpoint(path, "network_weights", "trainer_name", "init_args", mapped=True)
    trainer, arguments, state = content["trainer_name"], content["init_args"], content["network_weights"]
    configuration = arguments.get("configuration") if isinstance(arguments, dict) else None
    if not isinstance(trainer, str) or not isinstance(configuration, str):
        raise CheckpointError(path, "does not say which trainer trained which configuration")
    if not isinstance(state, dict):
        raise CheckpointError(path, "has no tensors by name")
    epochs = content.get("current_epoch")
    return OwnCheckpoint(
        path=path,
        trainer=trainer,
        configuration=configuration,
        mirroring_axes=_axes(path, content.get("inference_allowed_mirroring_axes")),
        epochs=epochs if type(epochs) is int and epochs > 0 else None,
        state=state,
    )


def write_planned_model(
    folder: Path, documents: Documents, network_class: str, window: Sequence[int] | None, cases: int | None
) -> None:
    """Writes plans, data set and fingerprint of a trained method into the empty folder `folder`.

    `network_class` is the network's, for a stranger's plans name it otherwise. `window` takes the place of the planned
    patch, for nnU-Net predicts by patches of the size that it trains with. `cases` is the number of training cases.
    """
    plans = json.loads(json.dumps(documents["plans"]))
    configuration = plans["configurations"][CONFIGURATION]
    configuration["architecture"]["network_class_name"] = network_class
    if window is not None:
        configuration["patch_size"] = list(window)
    counted = {} if cases is None else {"numTraining": cases}
    for name, content in (
        ("plans.json", plans),
        ("dataset.json", {**documents["dataset"], **counted}),
        ("dataset_fingerprint.json", documents["fingerprint"]),
    ):
        (folder / name).write_text(json.dumps(content, indent=4) + "\n", encoding="utf-8")


def write_checkpoint(
    folder: Path,
    fold: int,
    weights: Mapping[str, Tensor],
    names: Mapping[str, str],
    mirroring_axes: Sequence[int],
    epochs: int | None,
) -> None:
    """Writes the network of a fold into the folder of a model; `names` is as of `OwnCheckpoint.weights`.

    Takes memory for one network. torch's safe mode reads the file. Training cannot go on from it, for it has no state
    of an optimizer.
    """
    # A copy: of a tensor that lies within a larger file, the file would be written.
    own = {name: _plain(tensor) for name, tensor in weights.items()}
    checkpoint = {
        "network_weights": {name: own[of] for name, of in names.items()},
        "init_args": {"configuration": CONFIGURATION, "fold": fold},
        "trainer_name": TRAINER,
        "inference_allowed_mirroring_axes": tuple(mirroring_axes) or None,
        **({} if epochs is None else {"current_epoch": epochs}),
    }
    place = folder / f"fold_{fold}" / CHECKPOINT
    place.parent.mkdir()
    torch.save(checkpoint, place)


def _plain(tensor: Tensor) -> Tensor:
    copied = tensor.detach().clone()
    return copied.float() if copied.is_floating_point() else copied


def _axes(path: Path, axes: object) -> tuple[int, ...]:
    if axes is None:
        return ()
    if not isinstance(axes, tuple | list) or not all(type(axis) is int and 0 <= axis <= 2 for axis in axes):
        raise CheckpointError(path, "names flips that no volume has")
    return tuple(sorted(set(axes)))


def _is_plain(tensor: object) -> bool:
    return (
        isinstance(tensor, Tensor)
        and tensor.layout is torch.strided
        and tensor.device.type == "cpu"
        and tensor.dtype in _KINDS
    )


def _same(one: Tensor, other: Tensor) -> bool:
    return (one.data_ptr() == other.data_ptr() and one.stride() == other.stride()) or torch.equal(one, other)
