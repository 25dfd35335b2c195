"""Defines Swin UNETR: monai's network and the original's training settings in nnU-Net v2's pipeline."""

from __future__ import annotations

from dataclasses import replace

from .fidelity import FidelityCard, Setting
from .method import Budget
from .nnunet.card_settings import BATCH_DICE, EPOCHS
from .nnunet.nnunet_method import NnUNetMethod
from .nnunet.settings import Plan, Recipe, Training
from .nnunet.short_budgets import DEMO, SMOKE

_CODE = "github.com/Project-MONAI/research-contributions, SwinUNETR/BTCV"
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
            Setting("drop rates", "0, of attention and paths too", _CODE),
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
                "nnU-Net's: 250,000 steps on two patches, 500,000 patches. The original's 5,000 epochs of 24 volumes "
                "with four patches each are 120,000 steps and 480,000 patches; over the 387 volumes of one fold of "
                "MSWAL they would be 16 times as many",
                EPOCHS,
            ),
            Setting(
                "warm-up",
                "10 epochs, the first at a tenth of the rate",
                "a hundredth of all, as the original's 50 of 5,000, of which the first has a rate of 0",
                ("training.warmup_epochs",),
            ),
            Setting(
                "batch size", "2", "nnU-Net's smallest; the original's is four, of one volume", ("plan.batch_size",)
            ),
            Setting(
                "spacing and intensities",
                "nnU-Net's",
                "one pipeline for all; the original resamples to 1.5 x 1.5 x 2 mm, clips at -175 and 250 HU, which "
                "makes all denser stones alike, and scales that to 0 to 1",
            ),
            Setting(
                "augmentation",
                "nnU-Net's, and at prediction the mean over flips",
                "one pipeline for all; the original flips (0.2 for each axis), turns by quarters (0.2), scales and "
                "shifts intensities (0.1 each), and predicts without flips",
            ),
            Setting(
                "loss",
                "nnU-Net's, whose Dice leaves out the background",
                "one pipeline for all; the original's Dice with cross-entropy counts it as a class",
            ),
            Setting(
                "patches with a lesion",
                "a share of 0.33 in each batch",
                "nnU-Net's, which makes it 1 of 2; the original centres half of its patches on an organ, on average",
                ("training.foreground_patches",),
            ),
            Setting(
                "folds and checkpoint",
                "the ensemble of five folds (`--fold all`), each as its training ends",
                "as for every method on nnU-Net; the original trains on one split and keeps the network with the best "
                "Dice in validation, which it looks at every 100 epochs",
            ),
            BATCH_DICE,
            Setting("torch.compile", "off", "not tried with this network", ("compiled",)),
        ),
        differences=(
            "The original runs in a pipeline of its own, not in nnU-Net.",
            "Where 2 x 2 x 2 tokens become one, monai before 1.5.0, and so the original, takes two of the eight twice "
            "and leaves two out; since then, and here, each is taken once. With the former choice, weights and input "
            "made by a formula give the logits of monai 1.0.0.",
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
            training=replace(DEMO.training, iterations_per_epoch=70),
            # A patch is the smallest that the network takes. One alone in a batch would take longer than two: torch has
            # quick convolutions on a CPU for more than one.
            plan=replace(DEMO.plan, patch=(32, 32, 64), window=(64, 64, 96), batch_size=2, arguments=_SMALL_NETWORK),
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
            plan=replace(SMOKE.plan, patch=(64, 64, 64), window=None, batch_size=1, arguments=_SMALL_NETWORK),
        ),
    },
)
