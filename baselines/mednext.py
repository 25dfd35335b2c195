"""MedNeXt: its network and training settings in nnU-Net v2's pipeline (the original runs in nnU-Net v1's)."""

from __future__ import annotations

from .method import Budget
from .nnunet.nnunet_method import NnUNetMethod
from .nnunet.settings import Plan, Recipe, Training

METHOD = NnUNetMethod(
    name="mednext",
    title="MedNeXt",
    publication="Roy et al., MICCAI 2023, arXiv 2303.09975",
    planner="ExperimentPlanner",
    network_class="mswal_bench.baselines.networks.mednext.MedNeXt",
    planned_arguments=False,
    # The original gives all five outputs weight, other than nnU-Net.
    outputs=5,
    compiled=False,
    recipes={
        # Network and training as in the original's nnUNetTrainerV2_MedNeXt_L_kernel3, spacing and patch as in its
        # ExperimentPlanner3D_v21_customTargetSpacing_1x1x1, batch size as in its paper. The MSWAL paper names neither
        # size nor kernel. L is the size the authors compare with others. With kernel 5 they train twice: with kernel 3,
        # whose weights are then resampled and trained again (UpKern); from scratch they advise against it. So kernel 3
        # is the largest of their networks that one training makes as they would.
        Budget.PAPER: Recipe(
            Training(optimizer="adamw", learning_rate=1e-3, epsilon=1e-4),
            Plan(
                patch=(128, 128, 128),
                batch_size=2,
                spacing=(1.0, 1.0, 1.0),
                arguments={"size": "L", "kernel": 3, "recompute": True},
            ),
        ),
        Budget.DEMO: Recipe(
            Training(
                epochs=20,
                iterations_per_epoch=50,
                validation_iterations=2,
                optimizer="adamw",
                learning_rate=3e-3,
                epsilon=1e-4,
                background_weight=0.01,
                foreground_patches=0.75,
                augmentation=False,
            ),
            Plan(
                patch=(32, 32, 32),
                window=(80, 80, 112),
                batch_size=4,
                batch_dice=True,
                arguments={"size": "S", "kernel": 3, "channels": 8},
            ),
            speck_share=0.5,
        ),
        Budget.SMOKE: Recipe(
            Training(
                epochs=4,
                iterations_per_epoch=2,
                validation_iterations=1,
                optimizer="adamw",
                learning_rate=1e-3,
                epsilon=1e-4,
                augmentation=False,
                checkpoint_every_s=0,
            ),
            Plan(
                patch=(32, 32, 32),
                window=(64, 64, 64),
                batch_size=2,
                arguments={"size": "S", "kernel": 3, "channels": 4},
            ),
        ),
    },
)
