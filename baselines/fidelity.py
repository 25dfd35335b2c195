"""`FidelityCard`: what fixes a method's settings, and where what runs here is not the original. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """One setting of a method as it runs under the `paper` budget."""

    name: str
    value: str
    source: str
    """Where it is said (paper and section, or the released code); of a choice, why it was made."""
    keys: tuple[str, ...] = ()
    """The entries of `Method.settings` that hold it, dotted: `training.epochs`. Each stands in `value` as it is there,
    a number as `0.001`, sides as `64 x 128 x 128`; a test compares. Empty where no single entry holds it."""


@dataclass(frozen=True)
class FidelityCard:
    """How a method's settings came about, in three groups, and what a reader of its numbers should know besides."""

    summary: str
    """What the method is, in a line of at most 80 characters."""
    mswal_paper: tuple[Setting, ...]
    """What the paper of MSWAL fixes."""
    own_paper: tuple[Setting, ...]
    """What the method's own paper, or the code its authors released, fixes."""
    chosen: tuple[Setting, ...]
    """What both leave open, and what was chosen here."""
    differences: tuple[str, ...]
    """Where what runs here differs from the original, a sentence each; empty where nothing is known to."""
    parameters: int
    """Trainable parameters at full configuration, for eight outputs (background and the seven lesion types)."""
    parameters_of: str
    """The configuration that has so many: a planned network depends on the data."""
