"""Computes what a series of groups tells where each class's DSC is published with an error.

A group of cases with specks measures how many of them have the class, with the error of the published number. Counts
of many cases are nearly normal, and so the information in k groups is that of a Gaussian channel, half the logarithm of
a determinant; never more than there is to know. What a real attacker decodes is in `exact_attacks.py`.
"""

from __future__ import annotations

import numpy as np

from .phantom_track import KEYS, N_CASES, OWN_DSC, PhantomTrack, entropy

_SHARES = (0.05, 0.1, 0.25, 0.5)


def bits_of_groups(track: PhantomTrack, error: float, submissions: int, seed: int = 0) -> float:
    """The bits about presence in so many submissions, with the best size of the groups; `error` is a standard
    deviation in fractions. Rounding to steps of d has d / sqrt(12)."""
    return float(sum(max(_of_class(track, k, error, submissions, share, seed) for share in _SHARES) for k in _COLUMNS))


_COLUMNS = range(len(KEYS))


def _of_class(track: PhantomTrack, column: int, error: float, submissions: int, share: float, seed: int) -> float:
    random = np.random.default_rng([seed, 3, column])
    seen = int(track.plain[:, column].sum())
    unseen, chance = N_CASES - seen, float(track.chance[column])
    groups = (random.random((submissions, unseen)) < share).astype(float)
    # The first has no specks, and tells how many have the class at all.
    groups[0] = 1.0
    denominator = seen + unseen * chance + groups.sum(1) * (1 - chance)
    denominator[0] = seen + unseen * chance
    slope = OWN_DSC * seen / denominator**2
    signal = slope[:, None] * groups
    # A count is a whole number: where it can be read exactly, no more can be learnt from it.
    errors = np.sqrt(error**2 + slope**2 / 12)
    covariance = chance * (1 - chance) * (signal @ signal.T) / (errors[:, None] * errors)
    _, logarithm = np.linalg.slogdet(np.eye(submissions) + covariance)
    most = unseen * float(entropy(np.array([chance]))[0])
    return min(most, 0.5 * logarithm / np.log(2))
