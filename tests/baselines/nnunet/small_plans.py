"""Plans of a U-Net of three stages, as planning leaves them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mswal_bench.baselines.nnunet.checkpoints import final_checkpoint
from mswal_bench.baselines.nnunet.plans import CONFIGURATION, read_plans
from mswal_bench.baselines.nnunet.workspace import Workspace

_RESAMPLING = {"order": 1, "order_z": 0, "force_separate_z": None}


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


def write_predictable_plans(work: Path, architecture: Mapping[str, object] | None = None) -> Workspace:
    """As `write_plans`, with all that prediction reads; `architecture` takes the place of the U-Net's."""
    workspace = write_plans(work)
    plans = read_plans(workspace)
    plans |= {
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "foreground_intensity_properties_per_channel": {
            "0": {"mean": 90.0, "std": 180.0, "percentile_00_5": -40.0, "percentile_99_5": 1000.0}
        },
    }
    resample = "resample_data_or_seg_to_shape"
    plans["configurations"][CONFIGURATION] |= {
        "preprocessor_name": "DefaultPreprocessor",
        "spacing": [1.0, 1.0, 1.0],
        "use_mask_for_norm": [False],
        "batch_dice": True,
        **{f"resampling_fn_{part}": resample for part in ("data", "seg", "probabilities")},
        **{f"resampling_fn_{part}_kwargs": {"is_seg": False, **_RESAMPLING} for part in ("data", "probabilities")},
        "resampling_fn_seg_kwargs": {"is_seg": True, **_RESAMPLING},
    }
    if architecture is not None:
        plans["configurations"][CONFIGURATION]["architecture"] = dict(architecture)
    (workspace.preprocessed / "benchPlans.json").write_text(json.dumps(plans))
    (workspace.preprocessed / "splits_final.json").write_text(json.dumps([{"train": [], "val": []}] * 2))
    return workspace


def save_weights(workspace: Workspace, weights: Mapping[str, object], fold: int = 0) -> None:
    """As the trained network of a fold."""
    import torch

    path = final_checkpoint(workspace, fold)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"network_weights": weights, "trainer_name": "BenchTrainer", "inference_allowed_mirroring_axes": None}
    torch.save(content, path)


def predict_plainly(
    workspace: Workspace, images: Mapping[str, Path], out: Path, folds: Sequence[int] = (0,), **options: Any
) -> float:
    """`predict_images` on the CPU, without mirroring and specks."""
    from mswal_bench.baselines.nnunet.predictor import predict_images

    plainly = {"mirroring": False, "window": None, "speck_share": 0, "device": "cpu", "report": _silent}
    with workspace.entered("cpu"):
        return predict_images(workspace, folds, images, out, **plainly | options)


def _silent(done: int, total: int, note: str) -> None:
    pass
