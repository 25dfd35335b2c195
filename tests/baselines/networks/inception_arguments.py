"""Arguments that Inception nnU-Net is tested and timed with."""

from __future__ import annotations

from typing import Any

from torch import nn

# What nnU-Net's ResEnc-L planner sets for a six-stage network, one input channel, seven lesions and background.
RESENC_L: dict[str, Any] = {
    "input_channels": 1,
    "n_stages": 6,
    "features_per_stage": (32, 64, 128, 256, 320, 320),
    "conv_op": nn.Conv3d,
    "kernel_sizes": [[3, 3, 3]] * 6,
    "strides": [[1, 1, 1]] + [[2, 2, 2]] * 5,
    "n_blocks_per_stage": (1, 3, 4, 6, 6, 6),
    "num_classes": 8,
    "n_conv_per_stage_decoder": (1, 1, 1, 1, 1),
    "conv_bias": True,
    "norm_op": nn.InstanceNorm3d,
    "norm_op_kwargs": {"eps": 1e-5, "affine": True},
    "dropout_op": None,
    "dropout_op_kwargs": None,
    "nonlin": nn.LeakyReLU,
    "nonlin_kwargs": {"inplace": True},
}
SMALL: dict[str, Any] = {
    "input_channels": 1,
    "n_stages": 3,
    "features_per_stage": (4, 6, 6),
    "kernel_sizes": [3, 3, 3],
    "strides": [1, 2, (1, 2, 2)],
    "n_blocks_per_stage": (2, 2, 1),
    "num_classes": 8,
    "n_conv_per_stage_decoder": (1, 2),
}
# Where the authors' code is not the paper, beside normalisation and nonlinearity, which it takes from the plans.
RELEASED: dict[str, bool] = {"pooled_projection": False, "mini_decoder": True}
# Table 3 of the paper.
VARIANTS: dict[str, dict[str, bool]] = {
    "I": {"downsampling_left": False, "mini_right": False, "mini_residual": False},
    "II": {"downsampling_left": False, "mini_right": True, "mini_residual": True},
    "III": {"downsampling_left": True, "mini_right": False, "mini_residual": True},
    "IV": {"downsampling_left": True, "mini_right": True, "mini_residual": False},
    "V": {"downsampling_left": True, "mini_right": True, "mini_residual": True},
}
