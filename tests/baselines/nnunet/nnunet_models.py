"""A trained model as nnU-Net keeps it: a small network with random weights, its plans, data set and fingerprint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NETWORK = "dynamic_network_architectures.architectures.unet.PlainConvUNet"
_INTENSITIES = {"0": {
    "max": 1004.0, "mean": 87.0, "median": 41.0, "min": -82.0, "percentile_00_5": -22.0, "percentile_99_5": 994.0,
    "std": 165.0,
}}  # fmt: skip
_RESAMPLING = {"order": 1, "order_z": 0, "force_separate_z": None}
LESIONS = ("gallstone", "kidney_stone", "liver_tumor", "kidney_tumor", "pancreatic_cancer", "liver_cyst", "kidney_cyst")


def configuration() -> dict[str, Any]:
    """`3d_fullres` as nnU-Net 2.8 plans it, with a U-Net of three stages."""
    resample = "resample_data_or_seg_to_shape"
    return {
        "data_identifier": "nnUNetPlans_3d_fullres",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": [32, 32, 32],
        "median_image_size_in_voxels": [60.0, 60.0, 84.0],
        "spacing": [4.0, 4.0, 4.0],
        "normalization_schemes": ["CTNormalization"],
        "use_mask_for_norm": [False],
        **{f"resampling_fn_{part}": resample for part in ("data", "seg", "probabilities")},
        **{f"resampling_fn_{part}_kwargs": {"is_seg": False, **_RESAMPLING} for part in ("data", "probabilities")},
        "resampling_fn_seg_kwargs": {"is_seg": True, **_RESAMPLING},
        "architecture": {
            "network_class_name": NETWORK,
            "arch_kwargs": {
                "n_stages": 3,
                "features_per_stage": [4, 8, 16],
                "conv_op": "torch.nn.modules.conv.Conv3d",
                "kernel_sizes": [[3, 3, 3]] * 3,
                "strides": [[1, 1, 1], [2, 2, 2], [2, 2, 2]],
                "n_conv_per_stage": [1, 1, 1],
                "n_conv_per_stage_decoder": [1, 1],
                "conv_bias": True,
                "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
                "norm_op_kwargs": {"eps": 1e-05, "affine": True},
                "dropout_op": None,
                "dropout_op_kwargs": None,
                "nonlin": "torch.nn.LeakyReLU",
                "nonlin_kwargs": {"inplace": True},
            },
            "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
        },
        "batch_dice": True,
    }


def older_configuration() -> dict[str, Any]:
    """The same as nnU-Net 2.0 to 2.2 planned it."""
    planned = configuration()
    del planned["architecture"]
    return planned | {
        "UNet_class_name": "PlainConvUNet",
        "UNet_base_num_features": 4,
        "n_conv_per_stage_encoder": [1, 1, 1],
        "n_conv_per_stage_decoder": [1, 1],
        "num_pool_per_axis": [2, 2, 2],
        "pool_op_kernel_sizes": [[1, 1, 1], [2, 2, 2], [2, 2, 2]],
        "conv_kernel_sizes": [[3, 3, 3]] * 3,
        "unet_max_num_features": 320,
    }


def plans(**configurations: object) -> dict[str, Any]:
    """With one configuration, `3d_fullres`, unless others are given."""
    return {
        "dataset_name": "Dataset042_Lesions",
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": [4.0, 4.0, 4.0],
        "original_median_shape_after_transp": [60, 60, 84],
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "configurations": configurations or {"3d_fullres": configuration()},
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": _INTENSITIES,
    }


def dataset(**more: object) -> dict[str, Any]:
    labels = {"background": 0} | {name: number for number, name in enumerate(LESIONS, 1)}
    described = {"channel_names": {"0": "CT"}, "labels": labels, "numTraining": 484, "file_ending": ".nii.gz"}
    return described | more


def fingerprint() -> dict[str, Any]:
    return {
        "foreground_intensity_properties_per_channel": _INTENSITIES,
        "median_relative_size_after_cropping": 1.0,
        "shapes_after_crop": [[60, 60, 84]],
        "spacings": [[4.0, 4.0, 4.0]],
    }


def network() -> Any:
    """That of `plans`, with random weights, as nnU-Net builds it."""
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans

    built = configuration()["architecture"]
    return get_network_from_plans(
        NETWORK, built["arch_kwargs"], built["_kw_requires_import"], 1, 8, deep_supervision=True
    )


def checkpoint(weights: Mapping[str, object], **more: object) -> dict[str, Any]:
    """As nnU-Net's trainer writes it, as far as anybody reads it to predict."""
    return {
        "network_weights": dict(weights),
        "optimizer_state": {"state": {}, "param_groups": [{"lr": 0.01, "params": [0]}]},
        "current_epoch": 1000,
        "init_args": {"configuration": "3d_fullres", "fold": 0},
        "trainer_name": "nnUNetTrainer",
        "inference_allowed_mirroring_axes": (0, 1, 2),
        **more,
    }


def write_model(folder: Path, documents: Mapping[str, object] | None = None, **checkpoints: object) -> Path:
    """A model's folder: `documents` by name in place of those above, `fold_0=checkpoint` and so on."""
    import torch

    folder.mkdir(parents=True)
    content = {"plans": plans(), "dataset": dataset(), "dataset_fingerprint": fingerprint()} | dict(documents or {})
    for name, document in content.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    for fold, content_of_fold in checkpoints.items():
        (folder / fold).mkdir()
        torch.save(content_of_fold, folder / fold / "checkpoint_final.pth")
    return folder
