"""Lists nnU-Net's trainers that train the network of the plans as it is. Needs no torch.

What a checkpoint names is compared with this list and never looked up.
"""

from __future__ import annotations

from typing import Final

_EPOCHS = ("1epoch", *(f"{count}epochs" for count in (5, 10, 20, 50, 100, 250, 500, 750, 2000, 4000, 8000)))
_UNDERSCORED = (
    *_EPOCHS,
    *(f"{count}epochs_NoMirroring" for count in (250, 2000, 4000, 8000)),
    "DASegOrd0", "DASegOrd0_NoMirroring", "noDummy2DDA", "onlyMirror01", "onlyMirror01_1500ep", "onlyMirror01_DA5",
    "onlyMirror01_DASegOrd0", "probabilisticOversampling", "probabilisticOversampling_010",
    "probabilisticOversampling_033", "warmup",
)  # fmt: skip
_JOINED = (
    "", "Adam", "Adam1en3", "Adam3en4", "Adan", "Adan1en1", "Adan1en3", "Adan3en4", "AdanCosAnneal",
    "Benchmark_5epochs", "Benchmark_5epochs_noDataLoading", "CELoss", "CELoss_5epochs", "CosAnneal", "DA5",
    "DA5Segord0", "DA5_10epochs", "DA5ord0", "DiceCELoss_noSmooth", "DiceLoss", "DiceTopK10Loss", "NoDA",
    "NoDeepSupervision", "NoMirroring", "Topk10Loss", "Topk10LossLS01", "VanillaAdam", "VanillaAdam1en3",
    "VanillaAdam3en4",
)  # fmt: skip
TRAINERS_OF_PLANNED_NETWORKS: Final = frozenset(
    {
        *(f"nnUNetTrainer{name}" for name in _JOINED),
        *(f"nnUNetTrainer_{name}" for name in _UNDERSCORED),
        "nnUNet_Trainer_BS8",
    }
)
"""Those of nnunetv2 2.8.1 that neither build a network of their own nor descend from one that does."""
