"""Defines `LabelGrid`: the voxels on which a method's network sees images and labels. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .stored_cases import StoredCase, planned_spacing_mm

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class LabelGrid:
    """The voxels that a network sees, and whose export brings its output back."""

    spacing_mm: tuple[float, ...]
    """Along the grid's own axes."""
    axes: Triple
    """Of an image as it is stored, (z, y, x) being (0, 1, 2), in the order of the grid's."""
    version: Literal[1, 2]
    """Of nnU-Net."""

    @property
    def stored_spacing_mm(self) -> tuple[float, float, float]:
        """Along x, y and z of an image as it is stored."""
        z, y, x = (self.spacing_mm[self.axes.index(axis)] for axis in range(3))
        return x, y, z

    def __str__(self) -> str:
        return f"{spacing_text(self.stored_spacing_mm)}, brought back by nnU-Net v{self.version}"


def spacing_text(spacing_mm: Sequence[float]) -> str:
    """As in `0.8 x 0.8 x 2.5 mm`, rounded to micrometres."""
    return " x ".join(f"{side:.3f}".rstrip("0").rstrip(".") for side in spacing_mm) + " mm"


def nnunet_grid(
    cases: Sequence[StoredCase], spacing_mm: tuple[float, float, float] | None, version: Literal[1, 2]
) -> LabelGrid:
    """The grid that nnU-Net plans for cases of such shapes after the crop; `spacing_mm`, (z, y, x), takes the place of
    the planned one. The axis of the longest side comes first.
    """
    spacing = spacing_mm or planned_spacing_mm(cases)
    longest = int(np.argmax(spacing))
    first, second = (axis for axis in range(3) if axis != longest)
    axes = (longest, first, second)
    return LabelGrid(tuple(float(spacing[axis]) for axis in axes), axes, version)
