"""nnFormer: its network and training settings in nnU-Net v2's pipeline (the original runs in nnU-Net v1's)."""

from __future__ import annotations

from .method import Budget
from .nnunet.nnunet_method import NnUNetMethod
from .nnunet.settings import Plan, Recipe, Training

_PATCH = (64, 128, 128)
_SMALL_PATCH = (32, 32, 32)

METHOD = NnUNetMethod(
    name="nnformer",
    title="nnFormer",
    publication="Zhou et al., IEEE Transactions on Image Processing 32, 4036-4045 (2023)",
    planner="ExperimentPlanner",
    network_class="mswal_bench.baselines.networks.nnformer.NnFormer",
    planned_arguments=False,
    # The original gives all three outputs weight, other than nnU-Net.
    outputs=3,
    compiled=False,
    recipes={
        # As in the original's nnFormerTrainerV2_nnformer_synapse, for abdominal CT: nnU-Net's own stochastic gradient
        # descent, schedule and gradient clipping (at 12). The original starts from weights of natural images, this does
        # not.
        Budget.PAPER: Recipe(
            Training(),
            Plan(
                patch=_PATCH,
                batch_size=2,
                arguments={
                    "patch_size": _PATCH,
                    "embedding": 192,
                    "depths": (2, 2, 2, 2),
                    "heads": (6, 12, 24, 48),
                    "window": (4, 4, 8, 4),
                    "embedding_stride": (2, 4, 4),
                },
            ),
        ),
        Budget.DEMO: Recipe(
            Training(
                epochs=20,
                iterations_per_epoch=50,
                validation_iterations=2,
                optimizer="adamw",
                learning_rate=2e-3,
                background_weight=0.01,
                foreground_patches=0.75,
                augmentation=False,
            ),
            Plan(
                patch=_SMALL_PATCH,
                batch_size=4,
                batch_dice=True,
                arguments={
                    "patch_size": _SMALL_PATCH,
                    "embedding": 24,
                    "depths": (2, 2, 2, 2),
                    "heads": (3, 6, 12, 24),
                    "window": (4, 4, 8, 4),
                    # Patches are small, and so are lesions in voxels of 3 mm.
                    "embedding_stride": (2, 2, 2),
                },
            ),
            speck_share=0.5,
        ),
        Budget.SMOKE: Recipe(
            Training(
                epochs=4, iterations_per_epoch=2, validation_iterations=1, augmentation=False, checkpoint_every_s=0
            ),
            Plan(
                patch=_SMALL_PATCH,
                window=(64, 64, 64),
                batch_size=2,
                arguments={
                    "patch_size": _SMALL_PATCH,
                    "embedding": 24,
                    "depths": (2, 2, 2, 2),
                    "heads": (3, 6, 12, 24),
                    "window": (4, 4, 8, 4),
                    "embedding_stride": (2, 4, 4),
                },
            ),
        ),
    },
)
