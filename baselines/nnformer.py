"""Defines nnFormer: its network and training settings in nnU-Net v2's pipeline (the original runs in nnU-Net v1's)."""

from __future__ import annotations

from dataclasses import replace

from .fidelity import FidelityCard, Setting
from .method import Budget
from .nnunet.card_settings import BATCH_DICE, own_training
from .nnunet.nnunet_method import NnUNetMethod
from .nnunet.settings import Plan, Recipe, Training
from .nnunet.short_budgets import DEMO, SMOKE

_CODE = "github.com/282857341/nnFormer"
_TRAINER = f"{_CODE}, nnFormerTrainerV2_nnformer_synapse"
_PATCH = (64, 128, 128)
_NETWORK = {
    "patch_size": _PATCH,
    "embedding": 192,
    "depths": (2, 2, 2, 2),
    "heads": (6, 12, 24, 48),
    "window": (4, 4, 8, 4),
    "embedding_stride": (2, 4, 4),
}
_SMALL_NETWORK = {**_NETWORK, "patch_size": SMOKE.plan.patch, "embedding": 24, "heads": (3, 6, 12, 24)}
# A token for each voxel: with one for eight, the network found next to nothing in minutes, with AdamW.
_DEMO_NETWORK = {
    **_SMALL_NETWORK,
    "patch_size": (16, 16, 16),
    "heads": (1, 2, 4, 8),
    "window": (4, 4, 4, 2),
    "embedding_stride": (1, 1, 1),
    "drop_path": 0,
}

METHOD = NnUNetMethod(
    name="nnformer",
    title="nnFormer",
    publication="Zhou et al., IEEE Transactions on Image Processing 32, 4036-4045 (2023)",
    card=FidelityCard(
        summary="nnFormer in its abdominal setting, written anew, in nnU-Net v2",
        mswal_paper=(Setting("method", "nnFormer", "Table 2, which names no setting"),),
        own_paper=(
            Setting(
                "patch",
                "64 x 128 x 128",
                f"{_CODE}, get_default_configuration, Synapse",
                ("plan.patch", "plan.arguments.patch_size"),
            ),
            Setting("batch size", "2", f"{_CODE}, get_default_configuration, Synapse", ("plan.batch_size",)),
            Setting(
                "embedding",
                "192 channels, stride 2 x 4 x 4",
                _TRAINER,
                ("plan.arguments.embedding", "plan.arguments.embedding_stride"),
            ),
            Setting("blocks of each stage", "2, 2, 2, 2", _TRAINER, ("plan.arguments.depths",)),
            Setting("attention heads", "6, 12, 24, 48", _TRAINER, ("plan.arguments.heads",)),
            Setting("windows", "sides of 4, 4, 8, 4 tokens", _TRAINER, ("plan.arguments.window",)),
            Setting("deep supervision", "3 outputs with weights of 1, 0.5, 0.25", _TRAINER, ("output_weights",)),
            *own_training(_TRAINER),
            BATCH_DICE,
        ),
        chosen=(
            Setting(
                "setting", "that of Synapse, abdominal CT", "of its authors' three the one whose images are most alike"
            ),
            Setting("spacing", "as nnU-Net plans it", "as in the original, whose own planning is nnU-Net v1's"),
            Setting(
                "folds and checkpoint",
                "the ensemble of five folds (`--fold all`), each as its training ends",
                "as for every method on nnU-Net; the original's script train_inference.sh trains fold 0 alone and "
                "predicts with the network of its best epoch by moving average (`-f 0 -chk model_best`)",
            ),
            Setting(
                "first weights",
                "linear layers truncated normal with deviation 0.02, as Swin's",
                "the released code draws only the tables of position biases and then loads weights",
            ),
            Setting("torch.compile", "off", "not tried with this network", ("compiled",)),
        ),
        differences=(
            "The original's abdominal training starts from weights of natural images (Swin-L, ImageNet-22k), which its "
            "repository does not hold; this starts from random ones.",
            "The original runs in a copy of nnU-Net v1, this in nnU-Net v2, whose planning, augmentation and "
            "ensembling (of logits, not of softmax) are not the same. nnU-Net v1's rescue of a training that has "
            "learned nothing after 100 epochs (momentum 0.95, new weights) is not there.",
            "In the released code some relative positions within a window share a bias, by a slip in its index; here "
            "each has its own. With the released index, weights and input made by a formula give the released code's "
            "logits.",
        ),
        parameters=149_796_144,
        parameters_of="the abdominal setting, with its three outputs",
        gpu_hours=8,
    ),
    planner="ExperimentPlanner",
    network_class="mswal_bench.baselines.networks.nnformer.NnFormer",
    planned_arguments=False,
    output_weights=(1, 1 / 2, 1 / 4),
    compiled=False,
    recipes={
        Budget.PAPER: Recipe(
            Training(),
            Plan(patch=_PATCH, batch_size=2, arguments=_NETWORK),
        ),
        Budget.DEMO: replace(
            DEMO,
            training=replace(DEMO.training, iterations_per_epoch=100, learning_rate=4e-3),
            plan=replace(DEMO.plan, patch=(16, 16, 16), arguments=_DEMO_NETWORK),
        ),
        Budget.SMOKE: replace(SMOKE, plan=replace(SMOKE.plan, arguments=_SMALL_NETWORK)),
    },
)
