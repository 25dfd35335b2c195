"""Guards training of both nnU-Nets against numbers that are not finite and files cut short by a crash."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

from .method import MethodError

_MOST_LOSSES_NOT_FINITE = 100
_GO_ON = (
    "The last checkpoint is intact; run the same command again to go on from it, and if it happens again look for an "
    "image with values that are not finite."
)


class LossGuard:
    """Ends a training whose loss is lost."""

    def __init__(self) -> None:
        self.not_finite = 0

    def check(self, loss: float, epoch: int, epochs: int, *, scaled: bool) -> None:
        """To be called after every iteration, in `epoch` of `epochs`, the first being 0.

        `scaled` says whether a gradient scaler is at work. Raises MethodError at the first loss that is not finite
        without one, after a hundred in a row with one.
        """
        self.not_finite = 0 if isfinite(loss) else self.not_finite + 1
        # On a GPU the gradient scaler leaves out a step that is not finite, and nnU-Net counts on it: half precision
        # now and then overflows. Elsewhere the weights are lost.
        if self.not_finite > (_MOST_LOSSES_NOT_FINITE if scaled else 0):
            raise MethodError(f"The loss became {loss} in epoch {epoch + 1} of {epochs}. {_GO_ON}")


@contextmanager
def checkpoint_written_whole(file: str, network: Any, endings: Sequence[str] = ("",)) -> Iterator[str]:
    """Gives the name to write a checkpoint under, and renames what was written to `file`: a kill while writing leaves
    the checkpoint before it.

    It may consist of several files with `endings` after the name, of which each is there before the next. Raises
    MethodError instead when the weights of `network` are not finite: every resumed training would begin with them.
    """
    import torch

    if not all(torch.isfinite(values).all() for values in network.state_dict().values()):
        raise MethodError(f"The network's weights stopped being finite numbers. {_GO_ON}")
    temporary = f"{file}.partial"
    try:
        yield temporary
        for ending in endings:
            with Path(temporary + ending).open("rb") as written:
                os.fsync(written.fileno())
            Path(temporary + ending).replace(file + ending)
    finally:
        # Of a disk that became full, its share is free again.
        for ending in endings:
            Path(temporary + ending).unlink(missing_ok=True)
