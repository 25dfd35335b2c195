"""Derives every random number of the phantom from one seed."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

GENERATOR_VERSION = 2
"""Raised whenever the same (seed, slot, size) would give other voxels; data sets of two versions are never mixed."""


class Purpose(IntEnum):
    """Names what a stream of random numbers is for. Streams are independent: drawing from one moves no other."""

    COHORT = 1
    DIAMETERS = 2
    ANATOMY = 3
    SHAPES = 4
    PLACES = 5
    ATTENUATION = 6
    NOISE = 7


def stream(seed: int, slot: int, purpose: Purpose) -> np.random.Generator:
    """Returns the stream of one patient (`slot` 1 to 694; 0 for the whole cohort) for one purpose."""
    return np.random.default_rng(np.random.SeedSequence([seed, slot, int(purpose)]))
