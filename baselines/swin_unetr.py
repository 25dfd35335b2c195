"""Swin UNETR: monai's network and the original's training settings in nnU-Net v2's pipeline."""

from __future__ import annotations

from .method import Budget
from .nnunet.nnunet_method import NnUNetMethod
from .nnunet.settings import Plan, Recipe, Training

METHOD = NnUNetMethod(
    name="swin-unetr",
    title="Swin UNETR",
    publication="Hatamizadeh et al., BrainLes 2021, arXiv 2201.01266",
    planner="ExperimentPlanner",
    network_class="mswal_bench.baselines.networks.swin_unetr.SwinUnetr",
    planned_arguments=False,
    outputs=1,
    compiled=False,
    recipes={
        # Network, patch, optimiser and schedule as the authors train on abdominal CT (BTCV; Project-MONAI/
        # research-contributions, SwinUNETR/BTCV/main.py), from scratch. Their 5,000 epochs are of 24 volumes with four
        # patches each, 480,000 patches, of which nnU-Net's 1,000 epochs with two patches in a batch see 500,000; the
        # warm-up is the same hundredth of them. Spacing, intensities, augmentation and loss are nnU-Net's.
        Budget.PAPER: Recipe(
            Training(optimizer="adamw", learning_rate=1e-4, weight_decay=1e-5, warmup_epochs=10, decay="cosine"),
            Plan(patch=(96, 96, 96), batch_size=2, arguments={"feature_size": 48, "window": 7}),
        ),
        Budget.DEMO: Recipe(
            Training(
                epochs=15,
                iterations_per_epoch=20,
                validation_iterations=2,
                optimizer="adamw",
                learning_rate=2e-3,
                weight_decay=1e-5,
                warmup_epochs=1,
                decay="cosine",
                background_weight=0.01,
                foreground_patches=0.75,
                augmentation=False,
            ),
            Plan(
                patch=(64, 64, 64),
                batch_size=2,
                batch_dice=True,
                arguments={"feature_size": 12, "window": 4},
            ),
            speck_share=0.5,
        ),
        Budget.SMOKE: Recipe(
            Training(
                epochs=4,
                iterations_per_epoch=1,
                validation_iterations=1,
                optimizer="adamw",
                learning_rate=1e-4,
                weight_decay=1e-5,
                warmup_epochs=1,
                decay="cosine",
                augmentation=False,
                checkpoint_every_s=0,
            ),
            Plan(patch=(64, 64, 64), batch_size=1, arguments={"feature_size": 12, "window": 4}),
        ),
    },
)
