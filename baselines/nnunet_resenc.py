"""Defines nnU-Net with a residual encoder, size L: nnU-Net's own trainer, planner and network, untouched."""

from __future__ import annotations

from dataclasses import replace

from .fidelity import FidelityCard, Setting
from .method import Budget
from .nnunet.card_settings import BATCH_DICE, SINCE_2_5, VERSION, own_training
from .nnunet.nnunet_method import NnUNetMethod
from .nnunet.settings import Recipe, Training
from .nnunet.short_budgets import DEMO, SMOKE, SMOKE_STATISTICS_BATCHES, STATISTICS_BATCHES, small_u_net

_CODE = "nnunetv2 2.8.1, nnUNetTrainer"

METHOD = NnUNetMethod(
    name="nnunet-resenc",
    title="nnU-Net res",
    publication="Isensee et al., MICCAI 2024, arXiv 2404.09556",
    card=FidelityCard(
        summary="nnU-Net v2 with its residual encoder, size L, otherwise untouched",
        mswal_paper=(Setting("method", "nnU-Net with a residual encoder", "Table 2, which names no setting"),),
        own_paper=(
            *own_training(_CODE),
            Setting("patches with a lesion", "a share of 0.33 in each batch", _CODE, ("training.foreground_patches",)),
            Setting("prediction", "the ensemble of five folds (`--fold all`)", "nnU-Net's own"),
            BATCH_DICE,
        ),
        chosen=(
            Setting(
                "planner and size",
                "nnUNetPlannerResEncL",
                "of M, L and XL its authors recommend L as the new default (nnU-Net's documentation); it is planned "
                "for 24 GB, which the MSWAL paper's RTX 4090 has, and its authors plan their own network with it",
                ("planner",),
            ),
            Setting("configuration", "3d_fullres", "as for nnunet-v2"),
            VERSION,
        ),
        differences=(
            "Predictions are as the networks give them: nnU-Net's search for a post-processing that removes components "
            "(nnUNetv2_find_best_configuration) is not run.",
            SINCE_2_5,
        ),
        parameters=102_354_600,
        parameters_of="six stages of 32 to 320 channels with kernels of 3 x 3 x 3 and 1, 3, 4, 6, 6, 6 blocks",
        gpu_hours=35,
    ),
    planner="nnUNetPlannerResEncL",
    recipes={
        Budget.PAPER: Recipe(Training()),
        Budget.DEMO: replace(
            DEMO,
            plan=small_u_net(DEMO.plan, "n_blocks_per_stage", (8, 16, 32, 64), (1, 1, 1, 1)),
            statistics_batches=STATISTICS_BATCHES,
        ),
        Budget.SMOKE: replace(
            SMOKE,
            plan=small_u_net(SMOKE.plan, "n_blocks_per_stage", (4, 8, 16), (1, 2, 1)),
            statistics_batches=SMOKE_STATISTICS_BATCHES,
        ),
    },
)
