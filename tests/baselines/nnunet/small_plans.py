"""Plans of a U-Net of three stages, as planning leaves them."""

import json
from collections.abc import Sequence
from pathlib import Path

from mswal_bench.baselines.nnunet.workspace import Workspace


def write_plans(work: Path, classes: int = 7, features: Sequence[int] = (4, 8, 16)) -> Workspace:
    """In `work/nnunet`; `classes` without the background."""
    arguments = {
        "n_stages": 3,
        "features_per_stage": list(features),
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "kernel_sizes": [[3, 3, 3]] * 3,
        "strides": [[1, 1, 1], [2, 2, 2], [2, 2, 2]],
        "n_conv_per_stage": [1, 1, 1],
        "n_conv_per_stage_decoder": [1, 1],
        "conv_bias": True,
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "norm_op_kwargs": {"affine": True},
        "dropout_op": None,
        "nonlin": "torch.nn.LeakyReLU",
    }
    architecture = {
        "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        "arch_kwargs": arguments,
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }
    configuration = {"patch_size": [32, 32, 32], "normalization_schemes": ["CTNormalization"]}
    plans = {
        "plans_name": "benchPlans",
        "configurations": {"3d_fullres": {**configuration, "architecture": architecture}},
        "label_manager": "LabelManager",
    }
    names = ["background", *(f"lesion {number}" for number in range(1, classes + 1))]
    dataset = {"channel_names": {"0": "CT"}, "labels": {name: label for label, name in enumerate(names)}}
    workspace = Workspace(work / "nnunet")
    workspace.preprocessed.mkdir(parents=True)
    (workspace.preprocessed / "benchPlans.json").write_text(json.dumps(plans))
    (workspace.preprocessed / "dataset.json").write_text(json.dumps(dataset | {"file_ending": ".nii.gz"}))
    return workspace
