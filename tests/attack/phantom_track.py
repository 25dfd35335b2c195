"""Draws a hidden track in counts: 210 cases, how many lesions of each class each has, and what an attacker knows.

No voxel is needed: scores follow from counts. The shares of cases with a class and the lesions a case has are those of
the phantom's cohort, which has the paper's totals. The attacker has the images. He plainly sees some of the lesions,
outlines them with a DSC that he knows exactly, and knows how often each class occurs. Both is more than a real one has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.data.mswal_facts import CASES
from mswal_bench.benchmark.data.phantom.cohort import BURDENS, PATIENTS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

N_CASES = CASES["test"]
KEYS = tuple(BURDENS)
PREVALENCE: Floats = np.array([burden.carriers for burden in BURDENS.values()]) / PATIENTS
"""The share of patients with each class."""
MORE: Floats = np.array([burden.total / burden.carriers - 1 for burden in BURDENS.values()])
"""How many lesions more than one a patient with the class has, on average."""
SPREAD: Floats = np.array([burden.spread for burden in BURDENS.values()])
"""The shape of the gamma law behind it."""
OWN_DSC = 0.85
"""Of the lesions that the attacker sees."""
_FOUND = 0.8
"""The share of a case's lesions that match one of his."""


def entropy(share: Floats) -> Floats:
    """Bits of one yes or no that is yes with this chance."""
    inside = np.clip(share, 1e-12, 1 - 1e-12)
    return np.asarray(-(inside * np.log2(inside) + (1 - inside) * np.log2(1 - inside)))


def entropy_of(shares: Floats) -> float:
    """Bits of one of several answers that come with these chances."""
    return float(-(shares * np.log2(shares)).sum())


@dataclass(frozen=True, eq=False)
class PhantomTrack:
    """Both arrays have the shape (case, class)."""

    lesions: Ints
    """How many each case has: what is hidden."""
    plain: Bools
    """Where the attacker sees that the case has the class."""

    @property
    def has(self) -> Bools:
        return np.asarray(self.lesions > 0)

    @property
    def matched(self) -> Ints:
        """How many lesions the attacker's outlines match where he sees them."""
        return np.maximum(1, np.round(_FOUND * self.lesions)).astype(np.int64)

    @property
    def chance(self) -> Floats:
        """Of each class, the chance that a case has it where the attacker sees none."""
        seen = self.plain.sum(0)
        return np.asarray(np.clip((N_CASES * PREVALENCE - seen) / (N_CASES - seen), 0, 1))

    @property
    def bits_left(self) -> float:
        """What presence he does not know, in bits."""
        return float((entropy(self.chance) * (~self.plain).sum(0)).sum())


HIDDEN_BITS = float(N_CASES * entropy(PREVALENCE).sum())
"""Of presence, for someone who knows nothing but how often each class occurs."""


def draw_track(seen: float, seed: int) -> PhantomTrack:
    """Draws a track of which the attacker sees the share `seen` of each class's cases."""
    random = np.random.default_rng([seed, 0])
    shape = (N_CASES, len(KEYS))
    plain = np.zeros(shape, np.bool_)
    for column, expected in enumerate(N_CASES * PREVALENCE):
        plain[random.choice(N_CASES, round(seen * expected), replace=False), column] = True
    chance = PhantomTrack(np.zeros(shape, np.int64), plain).chance
    has = plain | (random.random(shape) < chance)
    more = random.poisson(random.gamma(np.broadcast_to(SPREAD, shape)) * MORE / SPREAD)
    return PhantomTrack(np.where(has, 1 + more, 0), plain)
