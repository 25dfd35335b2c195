"""Holds the settings that the fidelity cards of several methods share. Needs no torch."""

from __future__ import annotations

from mswal_bench.baselines.fidelity import Setting

EPOCHS = ("training.epochs", "training.iterations_per_epoch")
RATE = ("training.learning_rate", "training.decay_exponent")


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
