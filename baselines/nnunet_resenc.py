"""nnU-Net with a residual encoder, size L: nnU-Net's own trainer, planner and network, untouched."""

from __future__ import annotations

from .method import Budget
from .nnunet.nnunet_method import NnUNetMethod
from .nnunet.settings import Recipe, SmallNetwork, Training

METHOD = NnUNetMethod(
    name="nnunet-resenc",
    title="nnU-Net res",
    publication="Isensee et al., MICCAI 2024, arXiv 2404.09556",
    # L is ours: the MSWAL paper names no size. Its own network is planned as L in the released code.
    planner="nnUNetPlannerResEncL",
    recipes={
        Budget.PAPER: Recipe(Training()),
        Budget.DEMO: Recipe(
            Training(
                # An iteration takes about twice as long as nnunet-v2's: these take no longer than its 3,000.
                epochs=30,
                iterations_per_epoch=50,
                validation_iterations=2,
                optimizer="adamw",
                background_weight=0.01,
                foreground_patches=0.75,
                augmentation=False,
            ),
            SmallNetwork((32, 32, 32), (80, 80, 112), (8, 16, 32, 64), (1, 1, 1, 1), decoder_blocks=1, batch_size=4),
            speck_share=0.5,
        ),
        Budget.SMOKE: Recipe(
            Training(
                epochs=4, iterations_per_epoch=2, validation_iterations=1, augmentation=False, checkpoint_every_s=0
            ),
            SmallNetwork((32, 32, 32), (64, 64, 64), (4, 8, 16), (1, 2, 1), decoder_blocks=1, batch_size=2),
        ),
    },
)
