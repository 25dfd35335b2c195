"""Brings reference labels to the grid that a method's network sees, and back as its export does.

What comes back is what a network would reach that gives every voxel of its grid the label it is trained with, and is
certain of it. Only the surroundings of lesions are resampled, in every voxel as nnU-Net does it. It needs neither torch
nor nnU-Net.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .label_grid import LabelGrid
from .nnunet.label_boxes import Box, BoxResampling, is_empty
from .nnunet.nonzero_crop import OUTSIDE
from .stored_cases import ANISOTROPIC

_LOGITS = {1: np.float32, 2: np.float16}
"""What is resampled on the way back: nnU-Net v1's softmax, v2's logits."""


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """A case as it is stored; arrays are (z, y, x)."""

    labels: NDArray[np.uint8]
    spacing_mm: tuple[float, ...]
    """Of the image."""
    crop: Box
    """What is not 0 of the image: nnU-Net looks at nothing else."""
    outside: NDArray[np.bool_] | None = None
    """Within the crop, what is 0 and connected with its border; None: nothing."""


@dataclass(frozen=True, eq=False)
class RoundTrip:
    """What the labels of a case became."""

    returned: NDArray[np.uint8]
    """On the image's own grid, (z, y, x)."""
    is_seen: tuple[bool, ...]
    """Of each lesion, whether a voxel of the network's grid has its label because of it. Training knows no other."""
    seen: NDArray[np.uint8]
    """On the network's grid, along its axes; what lies outside the body is background."""


def there_and_back(
    image: LabelledImage, grid: LabelGrid, lesions: Sequence[tuple[int, Box, NDArray[np.bool_]]]
) -> RoundTrip:
    """Resamples the labels as preprocessing does and back as export does.

    `lesions` are all of the labels: the class of each, a box (z, y, x) of the stored image around it, and where in the
    box it is. What of a lesion lies outside of the crop is lost.
    """
    axes, back_axes = grid.axes, tuple(int(axis) for axis in np.argsort(grid.axes))
    cropped = image.labels[image.crop].transpose(axes)
    outside = None if image.outside is None else image.outside.transpose(axes)

    def given(box: Box) -> NDArray[np.int16]:
        part = cropped[box].astype(np.int16)
        if outside is not None:
            part[outside[box] & (part == 0)] = OUTSIDE
        return part

    spacing = [image.spacing_mm[axis] for axis in axes]
    shape = tuple(
        round(old / new * size) for size, old, new in zip(cropped.shape, spacing, grid.spacing_mm, strict=True)
    )
    there = BoxResampling.between(cropped.shape, shape, slices_axis(spacing, grid.spacing_mm))
    seen = np.zeros(shape, np.uint8)
    is_seen, reached = [], []
    for label, box, mask in lesions:
        turned, inside = _within(box, image.crop)
        turned = tuple(turned[axis] for axis in axes)
        outputs = there.outputs(turned)
        if is_empty(turned) or is_empty(outputs):
            is_seen.append(False)
            continue
        found = np.maximum(there.resample(given, outputs), 0)
        seen[outputs] = found
        is_seen.append(bool((there.reached(mask[inside].transpose(axes), turned, outputs) & (found == label)).any()))
        reached.append(outputs)
    returned = np.zeros(image.labels.shape, np.uint8)
    _bring_back(seen, reached, returned[image.crop], image, grid, back_axes)
    return RoundTrip(returned, tuple(is_seen), seen)


def _bring_back(
    seen: NDArray[np.uint8],
    boxes: Sequence[Box],
    cropped: NDArray[np.uint8],
    image: LabelledImage,
    grid: LabelGrid,
    back_axes: Sequence[int],
) -> None:
    """Fills `cropped`, of the stored image, with what the network would give as its export brings it back."""
    spacing = [image.spacing_mm[axis] for axis in grid.axes]
    if grid.version == 2:
        # v2 resamples along the grid's axes and turns what comes out.
        cropped = cropped.transpose(grid.axes)
        axis = slices_axis(grid.spacing_mm, spacing)
    else:
        # v1 turns first.
        seen = seen.transpose(back_axes)
        boxes = [tuple(box[axis] for axis in back_axes) for box in boxes]
        axis = slices_axis(image.spacing_mm, None)
        if axis is None:
            # It takes the axis of the turned spacing for one of the image's.
            axis = slices_axis(grid.spacing_mm, None)
    back = BoxResampling.between(seen.shape, cropped.shape, axis, _LOGITS[grid.version])
    for box in boxes:
        outputs = back.outputs(box)
        if not is_empty(outputs):
            cropped[outputs] = back.resample(lambda part: seen[part].astype(np.int16), outputs)


def slices_axis(spacing_mm: Sequence[float], other_mm: Sequence[float] | None) -> int | None:
    """The axis along which nnU-Net takes slices whole: the longest of the first of two spacings of which one side is
    more than three times another; None where there is no such, and where two sides are the longest.
    """
    for sides in (spacing_mm, other_mm):
        if sides is not None and max(sides) / min(sides) > ANISOTROPIC:
            longest = [axis for axis, side in enumerate(sides) if max(sides) / side == 1]
            return longest[0] if len(longest) == 1 else None
    return None


def _within(box: Box, crop: Box) -> tuple[Box, Box]:
    """What of `box` is in `crop`, in places of the crop, and the same in places of the box."""
    starts = [max(one.start, other.start) for one, other in zip(box, crop, strict=True)]
    stops = [min(one.stop, other.stop) for one, other in zip(box, crop, strict=True)]
    ends = list(zip(starts, stops, strict=True))
    in_crop = tuple(slice(a - of.start, b - of.start) for (a, b), of in zip(ends, crop, strict=True))
    in_box = tuple(slice(a - of.start, max(a, b) - of.start) for (a, b), of in zip(ends, box, strict=True))
    return in_crop, in_box
