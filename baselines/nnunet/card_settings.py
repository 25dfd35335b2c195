"""Holds what the fidelity cards of several methods share. Needs no torch."""

from __future__ import annotations

from mswal_bench.baselines.fidelity import Setting

EPOCHS = ("training.epochs", "training.iterations_per_epoch")
RATE = ("training.learning_rate", "training.decay_exponent")

BATCH_DICE = Setting(
    "Dice of a batch as of one volume",
    "where nnU-Net plans a 3d_lowres configuration beside 3d_fullres, and nowhere else",
    "nnU-Net, versions 1 and 2. It follows from the size of the volumes: for ResEnc-L it is on with 276 slices of 1 mm "
    "and off with 60 slices of 5 mm",
)
VERSION = Setting(
    "nnU-Net's version",
    "2.8.1",
    "the MSWAL authors name none. By inference theirs was 2.5.1 or 2.5.2: their instructions of February 2025 are for "
    "Python 3.9, which 2.6.0 gave up that month, and their copy of dynamic_network_architectures calls itself 0.3.1",
)
SINCE_2_5 = (
    "From nnU-Net 2.5.2 to 2.8.1 planning, cropping, resampling, normalisation of CT, the share of patches with a "
    "lesion, the decay of the learning rate and the network stay the same, by comparison of its code. Sums in the Dice "
    "loss are now made in 32 bits under mixed precision, and the voxels that patches with a lesion are centred on are "
    "drawn in another order. Its augmentation, batchgeneratorsv2 (then 0.2.1, now 0.3.6), simulates low resolution: "
    "before 0.3.2 that changed nothing, but for patches that are augmented plane by plane. Since 0.3.4 rotations about "
    "several axes are put together in the other order."
)


def own_training(source: str) -> tuple[Setting, ...]:
    """How nnU-Net's own trainers train, for a method that `source` trains so: the defaults of `Training`."""
    return (
        Setting("epochs", "1,000 of 250 iterations", source, EPOCHS),
        Setting(
            "optimiser",
            "SGD, Nesterov momentum 0.99, weight decay 3e-5, gradients clipped at 12",
            source,
            ("training.optimizer", "training.weight_decay"),
        ),
        Setting("learning rate", "0.01 at first, times (1 - e/E) ** 0.9 in epoch e of E", source, RATE),
    )
