"""Defines nnU-Net v2: its own trainer, planner and network, untouched."""

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
    name="nnunet-v2",
    title="nnU-Net v2",
    publication="Isensee et al., Nature Methods 18, 203-211 (2021)",
    card=FidelityCard(
        summary="nnU-Net v2 with its own trainer, planner and U-Net, untouched",
        mswal_paper=(Setting("method", "nnU-Net v2", "Table 2, which names no setting"),),
        own_paper=(
            Setting("planner", "ExperimentPlanner", "nnunetv2 2.8.1", ("planner",)),
            *own_training(_CODE),
            Setting("patches with a lesion", "a share of 0.33 in each batch", _CODE, ("training.foreground_patches",)),
            Setting("prediction", "the ensemble of five folds (`--fold all`)", "its paper, Methods"),
            BATCH_DICE,
        ),
        chosen=(
            Setting(
                "configuration",
                "3d_fullres",
                "nnU-Net can train several and pick the best; the MSWAL paper does not say which ran, its authors' "
                "instructions for their own network use this one",
            ),
            VERSION,
        ),
        differences=(
            "Predictions are as the networks give them: nnU-Net's search for a post-processing that removes components "
            "(nnUNetv2_find_best_configuration) is not run.",
            SINCE_2_5,
        ),
        parameters=31_200_424,
        parameters_of="six stages of 32 to 320 channels with kernels of 3 x 3 x 3, two convolutions in each",
        gpu_hours=9,
    ),
    planner="ExperimentPlanner",
    recipes={
        Budget.PAPER: Recipe(Training()),
        Budget.DEMO: replace(
            DEMO,
            training=replace(DEMO.training, iterations_per_epoch=144),
            plan=small_u_net(DEMO.plan, "n_conv_per_stage", (8, 16, 32, 64), (1, 2, 2, 2)),
            statistics_batches=STATISTICS_BATCHES,
        ),
        Budget.SMOKE: replace(
            SMOKE,
            plan=small_u_net(SMOKE.plan, "n_conv_per_stage", (4, 8, 16), (1, 1, 1)),
            statistics_batches=SMOKE_STATISTICS_BATCHES,
        ),
    },
)
