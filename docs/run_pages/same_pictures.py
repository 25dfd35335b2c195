"""Tells whether pictures look as those that a page shows, but for what other versions of fonts and libraries draw."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np

_ALIKE = 6.0
"""Mean difference of two pictures, of 255, up to which they count as the same."""


def same_pictures(some: Sequence[bytes], others: Sequence[bytes]) -> bool:
    """Whether the pictures of two lists of one length look alike; their pixels may differ a little."""
    from PIL import Image

    for one, other in zip(some, others, strict=True):
        pixels, beside = (np.asarray(Image.open(BytesIO(each)).convert("RGB"), float) for each in (one, other))
        if pixels.shape != beside.shape or np.abs(pixels - beside).mean() > _ALIKE:
            return False
    return True
