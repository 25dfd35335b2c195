"""Holds what the recipes of the two short budgets share; a method replaces its own part. Needs no torch."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from .settings import Plan, Recipe, Training

DEMO = Recipe(
    Training(
        epochs=15,
        iterations_per_epoch=80,
        validation_iterations=1,
        # Muon and `even_types` each raised DSC in the one run that was tried (docs/how-to/demo.md). Another optimizer
        # needs another weight decay.
        optimizer="muon",
        weight_decay=0.5,
        warmup_epochs=1,
        decay="cosine",
        background_weight=0.01,
        # Every other patch lies anywhere: what is near no lesion is most of a volume, and must be learned too.
        foreground_patches=0.5,
        augmentation=False,
    ),
    # With patches this small most lesion types are in none of a batch's patches or in one, and a Dice per patch would
    # mostly say to predict nothing.
    Plan(patch=(32, 32, 32), window=(64, 64, 88), batch_size=4, batch_dice=True),
    speck_share=0.5,
    even_types=0.75,
)
"""The demo's; every method has arguments of its network of its own. nnunet-v2 has more iterations, so that the demo's
two methods take about as long. The window holds a whole case of the `tiny` phantom."""

SMOKE = Recipe(
    Training(epochs=4, iterations_per_epoch=2, validation_iterations=1, augmentation=False, checkpoint_every_s=0),
    Plan(patch=(32, 32, 32), window=(64, 64, 64), batch_size=2),
)
"""The smoke test's; every method has arguments of its network of its own."""

STATISTICS_BATCHES = 100
"""Over which the demo's networks re-estimate what their batch normalisations normalise by;
`docs/concepts/batch-norm.md` shows what comes of it."""
SMOKE_STATISTICS_BATCHES = 2


def small_u_net(
    plan: Plan,
    encoder: Literal["n_conv_per_stage", "n_blocks_per_stage"],
    features: tuple[int, ...],
    blocks: tuple[int, ...],
) -> Plan:
    """`plan` with a small U-Net in the place of the one that nnU-Net plans.

    `features` are the channels of each stage; every stage after the first halves the shape, so that 2 ** (stages - 1)
    divides the sides of `plan`. `blocks` are the convolutions (plain encoders) or residual blocks of each encoder
    stage, and `encoder` is what nnU-Net's plans call them.
    """
    stages = len(features)
    return replace(
        plan,
        batch_dice=True,
        arguments={
            "n_stages": stages,
            "features_per_stage": list(features),
            # What needs surroundings is done from the second stage on, at an eighth of the voxels.
            "kernel_sizes": [[1, 1, 1]] + [[3, 3, 3]] * (stages - 1),
            "strides": [[1, 1, 1]] + [[2, 2, 2]] * (stages - 1),
            encoder: list(blocks),
            "n_conv_per_stage_decoder": [1] * (stages - 1),
            # Found by trial on the phantom, not by an ablation: with small patches it learned sooner than instance
            # norm.
            "norm_op": "torch.nn.modules.batchnorm.BatchNorm3d",
        },
    )
