"""nnU-Net v2: its own trainer, planner and network, untouched."""

from __future__ import annotations

from .method import Budget
from .nnunet.nnunet_method import NnUNetMethod
from .nnunet.settings import Recipe, SmallNetwork, Training

METHOD = NnUNetMethod(
    name="nnunet-v2",
    title="nnU-Net v2",
    publication="Isensee et al., Nature Methods 18, 203-211 (2021)",
    planner="ExperimentPlanner",
    recipes={
        Budget.PAPER: Recipe(Training()),
        Budget.DEMO: Recipe(
            Training(
                epochs=30,
                iterations_per_epoch=100,
                validation_iterations=2,
                optimizer="adamw",
                background_weight=0.01,
                foreground_patches=0.75,
                augmentation=False,
            ),
            SmallNetwork((32, 32, 32), (80, 80, 112), (8, 16, 32, 64), (1, 1, 2, 2), decoder_blocks=1, batch_size=4),
            speck_share=0.5,
        ),
        Budget.SMOKE: Recipe(
            Training(
                epochs=4, iterations_per_epoch=2, validation_iterations=1, augmentation=False, checkpoint_every_s=0
            ),
            SmallNetwork((32, 32, 32), (64, 64, 64), (4, 8, 16), (1, 1, 1), decoder_blocks=1, batch_size=2),
        ),
    },
)
