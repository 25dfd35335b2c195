"""Defines MedNeXt: its network and training settings in nnU-Net v2's pipeline (the original runs in nnU-Net v1's)."""

from __future__ import annotations

from dataclasses import replace

from .fidelity import FidelityCard, Setting
from .method import Budget
from .nnunet.card_settings import BATCH_DICE, EPOCHS, RATE
from .nnunet.nnunet_method import NnUNetMethod
from .nnunet.settings import Plan, Recipe, Training
from .nnunet.short_budgets import DEMO, SMOKE

_CODE = "github.com/MIC-DKFZ/MedNeXt"
_TRAINER = f"{_CODE}, nnUNetTrainerV2_MedNeXt_L_kernel3"
_PLANNER = f"{_CODE}, ExperimentPlanner3D_v21_customTargetSpacing_1x1x1"

METHOD = NnUNetMethod(
    name="mednext",
    title="MedNeXt",
    publication="Roy et al., MICCAI 2023, arXiv 2303.09975",
    card=FidelityCard(
        summary="MedNeXt L with kernel 3, of monai's blocks, in nnU-Net v2",
        mswal_paper=(Setting("method", "MedNeXt", "Table 2, which names neither size nor kernel"),),
        own_paper=(
            Setting("spacing", "1 x 1 x 1 mm", _PLANNER, ("plan.spacing",)),
            Setting("patch", "128 x 128 x 128", _PLANNER, ("plan.patch",)),
            Setting("batch size", "2", "its paper", ("plan.batch_size",)),
            Setting("epochs", "1,000 of 250 iterations", _TRAINER, EPOCHS),
            Setting(
                "optimiser",
                "AdamW, epsilon 1e-4, weight decay 3e-5",
                _TRAINER,
                ("training.optimizer", "training.epsilon", "training.weight_decay"),
            ),
            Setting("learning rate", "0.001 at first, times (1 - e/E) ** 0.9 in epoch e of E", _TRAINER, RATE),
            Setting(
                "deep supervision",
                "5 outputs with weights of 1, 0.5, 0.25, 0.125, 0.0625, divided by their sum",
                f"{_TRAINER}, since 24 September 2023; before, the fifth had no weight",
                ("output_weights",),
            ),
            Setting(
                "recomputing blocks for gradients",
                "on, less memory for more time",
                _TRAINER,
                ("plan.arguments.recompute",),
            ),
        ),
        chosen=(
            Setting(
                "size",
                "L",
                "the largest of S, B, M and L, with which its authors entered public test sets",
                ("plan.arguments.size",),
            ),
            Setting(
                "kernel",
                "3",
                "for kernel 5 its authors advise to train with kernel 3 first and to start from its weights, resampled "
                "(UpKern): 3 is the largest that one training makes as they would",
                ("plan.arguments.kernel",),
            ),
            Setting("torch.compile", "off", "not tried with this network", ("compiled",)),
            BATCH_DICE,
        ),
        differences=(
            "The original runs in a copy of nnU-Net v1, this in nnU-Net v2, whose planning, augmentation and "
            "ensembling (of logits, not of softmax) are not the same; and there is no post-processing.",
            "Assembled anew from monai's blocks. monai's own MedNeXt L gives a downsampling block the expansion ratio "
            "of the stage above it, the original that of the stage below: monai's has 52,512 parameters less. It also "
            "gives five outputs only while training, and nnU-Net validates outside of it.",
            "The original counts one parameter more, which nothing uses. Weights and input made by a formula give the "
            "original's logits.",
        ),
        parameters=61_787_176,
        parameters_of="size L, kernel 3, with its five outputs",
        gpu_hours=68,
    ),
    planner="ExperimentPlanner",
    network_class="mswal_bench.baselines.networks.mednext.MedNeXt",
    planned_arguments=False,
    output_weights=(1, 1 / 2, 1 / 4, 1 / 8, 1 / 16),
    compiled=False,
    packages=("torch", "nnunetv2", "monai"),
    recipes={
        Budget.PAPER: Recipe(
            Training(optimizer="adamw", learning_rate=1e-3, epsilon=1e-4),
            Plan(
                patch=(128, 128, 128),
                batch_size=2,
                spacing=(1.0, 1.0, 1.0),
                arguments={"size": "L", "kernel": 3, "recompute": True},
            ),
        ),
        Budget.DEMO: replace(
            DEMO,
            training=replace(DEMO.training, epochs=20, iterations_per_epoch=120, learning_rate=4e-3, epsilon=1e-4),
            # A batch of small patches holds more lesions for its work than one of large patches. The norms
            # are of each input alone: in windows far larger than the patches they are others, and so are predictions.
            plan=replace(
                DEMO.plan,
                patch=(16, 16, 16),
                window=(32, 32, 32),
                batch_size=8,
                arguments={"size": "S", "kernel": 3, "channels": 8},
            ),
        ),
        Budget.SMOKE: replace(
            SMOKE,
            training=replace(SMOKE.training, optimizer="adamw", learning_rate=1e-3, epsilon=1e-4),
            plan=replace(SMOKE.plan, arguments={"size": "S", "kernel": 3, "channels": 4}),
        ),
    },
)
