"""Makes the documents of a trained method out of the files that nnU-Net keeps beside its networks. Needs no torch.

They may be a stranger's, and of an older nnU-Net. What is read is arranged as nnU-Net writes it today; whether it is
such as a method plans is not asked here but by `Portable.faults`.

Source of the older forms: nnunetv2 2.8.1, `ConfigurationManager`, `PlansManager` and `determine_num_input_channels`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mswal_bench.baselines.portable import Documents

from .foreign_documents import kept
from .plans import CONFIGURATION

_MOST_PARENTS: Final = 16
_MOST_STAGES: Final = 12
_BLOCKS: Final = {"PlainConvUNet": "n_conv_per_stage", "ResidualEncoderUNet": "n_blocks_per_stage"}
"""What the number of convolutions or blocks of an encoder's stage is called, by the network of older plans."""
_IN_OLDER_PLANS: Final = (
    "UNet_class_name", "UNet_base_num_features", "n_conv_per_stage_encoder", "n_conv_per_stage_decoder",
    "num_pool_per_axis", "pool_op_kernel_sizes", "conv_kernel_sizes", "unet_max_num_features",
)  # fmt: skip


class ForeignModelError(Exception):
    """A model of nnU-Net's that no method here can predict with; half a sentence says why."""

    def __init__(self, code: str, file: str, found: str, expected: str):
        super().__init__(code, file, found, expected)
        self.code, self.file, self.found, self.expected = code, file, found, expected


def foreign_documents(
    plans: Mapping[str, Any], dataset: Mapping[str, Any], fingerprint: Mapping[str, Any], mirroring_axes: Sequence[int]
) -> Documents:
    """The documents of a model of one configuration, `3d_fullres`.

    Raises ForeignModelError for a model of another kind: a cascade, regions, an ignore label, several channels.
    """
    _check_dataset(dataset)
    current = {**plans, "configurations": {CONFIGURATION: _configuration(plans)}}
    channels = dataset.get("modality", dataset.get("channel_names"))
    described = {**dataset, "channel_names": channels}
    if not isinstance(dataset.get("name"), str) or not dataset["name"].strip():
        described["name"] = plans.get("dataset_name")
    return {
        "plans": kept("plans", _intensities_renamed(current)),
        "dataset": kept("dataset", described),
        "fingerprint": kept("fingerprint", _intensities_renamed(fingerprint)),
        "prediction": {"mirroring_axes": list(mirroring_axes), "speck_limits_mm3": {}},
    }


def network_class(documents: Documents) -> str:
    """The name of the planned network's class, without its module; empty where the plans name none."""
    architecture = documents["plans"]["configurations"][CONFIGURATION].get("architecture")
    name = architecture.get("network_class_name") if isinstance(architecture, dict) else None
    return name.rpartition(".")[2] if isinstance(name, str) else ""


def _check_dataset(dataset: Mapping[str, Any]) -> None:
    labels = dataset.get("labels")
    if not isinstance(labels, dict):
        raise ForeignModelError("labels-foreign", "dataset.json", "no labels", "a number for each")
    if "ignore" in labels:
        raise ForeignModelError("labels-foreign", "dataset.json", "an ignore label", "a lesion for each number")
    if any(isinstance(each, list) for each in labels.values()):
        raise ForeignModelError("labels-foreign", "dataset.json", "regions of several labels", "a number for each")
    channels = dataset.get("modality", dataset.get("channel_names"))
    if not isinstance(channels, dict):
        # What it is instead, `Portable.faults` tells.
        return
    if len(channels) > 1:
        found = f"{len(channels)} images a case"
        raise ForeignModelError("channels-foreign", "dataset.json", found, "one, the CT")
    # By the name, in any case of its letters, nnU-Net normalises as a CT.
    if any(str(name).casefold() != "ct" for name in channels.values()):
        found = f"images of {', '.join(str(name)[:40] for name in channels.values())}"
        raise ForeignModelError("channels-foreign", "dataset.json", found, "one, named CT")


def _configuration(plans: Mapping[str, Any]) -> dict[str, Any]:
    """That of the planned network, with what it takes from others and in today's form."""
    configurations = plans.get("configurations")
    there = configurations if isinstance(configurations, dict) else {}
    name, parts = CONFIGURATION, list[dict[str, Any]]()
    while True:
        part = there.get(name)
        if not isinstance(part, dict):
            raise ForeignModelError("configuration-foreign", "plans.json", f"no {name[:60]!a}", CONFIGURATION)
        parts.append(part)
        parent = part.get("inherits_from")
        if parent is None:
            break
        if not isinstance(parent, str) or len(parts) > _MOST_PARENTS:
            found = "configurations that inherit from each other in a circle"
            raise ForeignModelError("configuration-foreign", "plans.json", found, CONFIGURATION)
        name = parent
    whole: dict[str, Any] = {}
    for part in reversed(parts):
        whole |= part
    if whole.get("previous_stage") is not None:
        found = "a cascade, whose network wants the label map of another"
        raise ForeignModelError("configuration-foreign", "plans.json", found, "a network that predicts by itself")
    # What it said of its relatives is done.
    for key in ("inherits_from", "previous_stage", "next_stage"):
        whole.pop(key, None)
    return whole if "architecture" in whole else _with_architecture(whole)


def _with_architecture(older: Mapping[str, Any]) -> dict[str, Any]:
    """As nnU-Net before 2.3 planned, whose configurations name the class and what of it depends on the data."""
    name = older.get("UNet_class_name")
    if not isinstance(name, str) or name not in _BLOCKS:
        found = f"the network {str(name)[:60]!a}"
        raise ForeignModelError("plans-foreign", "plans.json", found, " or ".join(_BLOCKS))
    missing = [key for key in _IN_OLDER_PLANS if key not in older]
    encoder, most, base = (
        older.get(key) for key in ("n_conv_per_stage_encoder", "unet_max_num_features", "UNet_base_num_features")
    )
    if missing or not isinstance(encoder, list) or type(most) is not int or type(base) is not int:
        found = f"no {missing[0]}" if missing else "values of another kind"
        raise ForeignModelError("plans-foreign", "plans.json", found, "plans as nnU-Net 2.0 to 2.2 wrote them")
    stages = len(encoder[: _MOST_STAGES + 1])
    architecture = {
        "network_class_name": f"dynamic_network_architectures.architectures.unet.{name}",
        "arch_kwargs": {
            "n_stages": stages,
            "features_per_stage": [min(base << stage, most) for stage in range(stages)],
            "conv_op": "torch.nn.modules.conv.Conv3d",
            "kernel_sizes": older["conv_kernel_sizes"],
            "strides": older["pool_op_kernel_sizes"],
            _BLOCKS[name]: encoder,
            "n_conv_per_stage_decoder": older["n_conv_per_stage_decoder"],
            "conv_bias": True,
            "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
            "norm_op_kwargs": {"eps": 1e-05, "affine": True},
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }
    rest = {key: value for key, value in older.items() if key not in _IN_OLDER_PLANS}
    return {**rest, "architecture": architecture}


def _intensities_renamed(document: Mapping[str, Any]) -> dict[str, Any]:
    now, before = "foreground_intensity_properties_per_channel", "foreground_intensity_properties_by_modality"
    renamed = dict(document)
    if now not in renamed and before in renamed:
        renamed[now] = renamed[before]
    return renamed
