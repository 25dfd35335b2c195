"""Chooses what a network takes over from trained weights. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class WeightFit:
    """Which tensors of a network begin as trained and which are drawn anew: their parameters, by the tensor's name."""

    loaded: Mapping[str, int]
    """Those of the same name and shape in the trained weights."""
    output: Mapping[str, int]
    """Those of the output layers, where the classes meet the network: always new."""
    unlike: Mapping[str, int]
    """All others: new, because the trained weights have none of the name, or one of another shape."""
    unused: tuple[str, ...]
    """Tensors of the trained weights that the network does not have."""

    def __str__(self) -> str:
        """For people: `4,912 of 5,021 parameters begin as trained (97.83 %), ...`."""
        loaded, output, unlike = (sum(part.values()) for part in (self.loaded, self.output, self.unlike))
        every = loaded + output + unlike
        text = f"{loaded:,} of {every:,} parameters begin as trained ({100 * loaded / every:.2f} %)"
        text += f"; new are the {output:,} of the output layer"
        if self.unlike:
            text += f" and {unlike:,} in {_tensors(len(self.unlike))} not found there in this shape"
        if self.unused:
            text += f"; {_tensors(len(self.unused))} of the trained weights found no place"
        return text


def _tensors(count: int) -> str:
    return "1 tensor" if count == 1 else f"{count} tensors"
