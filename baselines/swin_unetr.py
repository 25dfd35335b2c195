"""Defines Swin UNETR: monai's network and the original's training settings in nnU-Net v2's pipeline."""

from __future__ import annotations

from dataclasses import replace

from .fidelity import FidelityCard, Setting
from .method import Budget
from .nnunet.nnunet_method import NnUNetMethod
from .nnunet.settings import Plan, Recipe, Training
from .nnunet.short_budgets import DEMO, SMOKE

_CODE = "github.com/Project-MONAI/research-contributions, SwinUNETR/BTCV"
# The smallest that the network takes.
_SMALL_PATCH = (64, 64, 64)
_SMALL_NETWORK = {"feature_size": 12, "window": 4}

METHOD = NnUNetMethod(
    name="swin-unetr",
    title="Swin UNETR",
    publication="Hatamizadeh et al., BrainLes 2021, arXiv 2201.01266",
    card=FidelityCard(
        summary="monai's Swin UNETR as trained on abdominal CT, in nnU-Net v2",
        mswal_paper=(Setting("method", "Swin UNETR", "Table 2, which names no setting"),),
        own_paper=(
            Setting("feature size", "48", _CODE, ("plan.arguments.feature_size",)),
            Setting("windows", "sides of 7 tokens", "monai, whose default the code keeps", ("plan.arguments.window",)),
            Setting("patch", "96 x 96 x 96", _CODE, ("plan.patch",)),
            Setting("outputs", "1, no deep supervision", _CODE, ("output_weights",)),
            Setting(
                "optimiser",
                "AdamW, weight decay 1e-5",
                _CODE,
                ("training.optimizer", "training.weight_decay"),
            ),
            Setting(
                "learning rate",
                "1e-4 after a linear warm-up, then falling as a cosine",
                _CODE,
                ("training.learning_rate", "training.decay"),
            ),
        ),
        chosen=(
            Setting(
                "setting",
                "its authors' for abdominal CT (BTCV), from scratch",
                "the paper itself is about MRI of the brain",
            ),
            Setting(
                "epochs",
                "1,000 of 250 iterations",
                "nnU-Net's, 500,000 patches in batches of two; the original's 5,000 epochs of 24 volumes with four "
                "patches each are 480,000",
                ("training.epochs", "training.iterations_per_epoch"),
            ),
            Setting(
                "warm-up", "10 epochs", "a hundredth of all, as the original's 50 of 5,000", ("training.warmup_epochs",)
            ),
            Setting(
                "batch size", "2", "nnU-Net's smallest; the original's is four, of one volume", ("plan.batch_size",)
            ),
            Setting(
                "spacing, intensities, augmentation, loss",
                "nnU-Net's",
                "one pipeline for all; the original's are 1.5 x 1.5 x 2 mm, -175 to 250 HU, flips, quarter turns and "
                "shifts of intensity, Dice with cross-entropy",
            ),
            Setting("torch.compile", "off", "not tried with this network", ("compiled",)),
        ),
        differences=(
            "The original runs in a pipeline of its own, not in nnU-Net.",
            "The weights that its authors publish for feature size 48 come from self-supervised pretraining; this "
            "starts from random ones, which their code offers as well.",
        ),
        parameters=62_187_002,
        parameters_of="feature size 48",
        gpu_hours=15,
    ),
    planner="ExperimentPlanner",
    network_class="mswal_bench.baselines.networks.swin_unetr.SwinUnetr",
    planned_arguments=False,
    output_weights=(1,),
    compiled=False,
    packages=("torch", "nnunetv2", "monai"),
    recipes={
        Budget.PAPER: Recipe(
            Training(optimizer="adamw", learning_rate=1e-4, weight_decay=1e-5, warmup_epochs=10, decay="cosine"),
            Plan(patch=(96, 96, 96), batch_size=2, arguments={"feature_size": 48, "window": 7}),
        ),
        Budget.DEMO: replace(
            DEMO,
            training=replace(
                DEMO.training,
                epochs=15,
                iterations_per_epoch=20,
                learning_rate=2e-3,
                weight_decay=1e-5,
                warmup_epochs=1,
                decay="cosine",
            ),
            plan=replace(DEMO.plan, patch=_SMALL_PATCH, window=None, batch_size=2, arguments=_SMALL_NETWORK),
        ),
        Budget.SMOKE: replace(
            SMOKE,
            training=replace(
                SMOKE.training,
                iterations_per_epoch=1,
                optimizer="adamw",
                learning_rate=1e-4,
                weight_decay=1e-5,
                warmup_epochs=1,
                decay="cosine",
            ),
            plan=replace(SMOKE.plan, patch=_SMALL_PATCH, window=None, batch_size=1, arguments=_SMALL_NETWORK),
        ),
    },
)
