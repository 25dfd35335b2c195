"""Tells in a sentence why one case could not be predicted. Needs no torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MARKS = ("ITK ERROR: ", "sitk::ERROR: ")
_BAD_IMAGE = "its image has voxels that are NaN or infinite: convert it again"
_DIVERGED = (
    "its image is finite, so the training has diverged, or half precision overflowed on the GPU: look at the losses in "
    "the log.txt of its training, and train again in another work folder"
)


def lost_output(image: NDArray[np.floating[Any]] | None = None) -> str:
    """Of a network whose output is not finite, for an `image` as the network saw it; None where that is not known."""
    if image is None:
        causes = f"either {_BAD_IMAGE}; or {_DIVERGED}"
    else:
        # One voxel that is not finite makes the extremes so too.
        causes = _DIVERGED if np.isfinite(image.min()) and np.isfinite(image.max()) else _BAD_IMAGE
    return f"the network's output is not finite and would pass for background; {causes}."


def unreadable_image(error: RuntimeError) -> str | None:
    """Of an image that SimpleITK refused with `error`; None for an error of another kind."""
    text = str(error)
    reasons = [text.rsplit(mark, 1)[1] for mark in _MARKS if mark in text]
    return f"its image cannot be read ({reasons[0].splitlines()[0].rstrip('.! ')})." if reasons else None
