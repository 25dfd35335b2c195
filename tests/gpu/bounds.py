"""States by how much CPU and device, and a resumed and an undisturbed training, may differ, and checks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LARGEST_DIFFERENCE = 1e-3
"""Of logits in float32 without TF32, in units of their standard deviation: sums of other orders, through all layers."""
LARGEST_MIXED_DIFFERENCE = 0.1
"""Of logits in mixed precision, of the device, from those of the CPU in float32."""
LARGEST_SHARE = 0.05
"""Voxels with another label may be at most so many of those that are foreground by the CPU or the device, in mixed
precision, as methods predict."""
TIMES_APART = 10
"""Weights of a training that was killed and resumed may be so many times as far from an undisturbed one's as those of a
second undisturbed one are. Where these two are equal in every bit, so must be the resumed one."""

Numbers = Mapping[str, Any]


class BoundError(Exception):
    """Two results differ by more than they may, or there is nothing to compare."""


def check_logits(numbers: Numbers) -> None:
    """Raises BoundError where logits differ too much, or are no numbers."""
    if "not_compared" in numbers:
        raise BoundError(f"logits were not compared: {numbers['not_compared']}")
    differences = numbers["differences"]
    for name, largest in (("float32", LARGEST_DIFFERENCE), ("mixed", LARGEST_MIXED_DIFFERENCE)):
        difference = differences[name]
        # Not `>`: that lets a difference pass that is no number. None was not asked for, as on a CPU.
        if difference is not None and not difference <= largest:
            raise BoundError(
                f"logits of CPU and device differ by {difference:.1e} of their deviation ({name}), more than "
                f"{largest:g}"
            )


def check_labels(numbers: Numbers) -> None:
    """Raises BoundError where too many labels differ, or no voxel is foreground."""
    if not numbers["foreground"]:
        raise BoundError("neither CPU nor device predicts a lesion, so that no label maps were compared")
    if numbers["differing"] > LARGEST_SHARE * numbers["foreground"]:
        raise BoundError(
            f"{numbers['differing']:,} voxels have another label on the device, of {numbers['foreground']:,} that are "
            f"foreground: more than {LARGEST_SHARE:.0%}"
        )


def check_resumed(numbers: Numbers) -> None:
    """Raises BoundError where the resumed training is too far from the undisturbed one."""
    if not numbers["resumed"] <= TIMES_APART * numbers["twice"]:
        raise BoundError(
            f"weights of the resumed training differ by {numbers['resumed']:.1e} from those of the undisturbed one, "
            f"and those of two undisturbed ones by {numbers['twice']:.1e}"
        )
