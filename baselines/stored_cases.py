"""Reads of the headers of a data set's cases what the memory depends on that preparing them takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from .case_failures import unreadable_image
from .method import MethodError
from .raw_layout import image_name, label_name

ANISOTROPIC = 3
"""Of both nnU-Nets: from this ratio of the sides of a voxel on, slices are resampled one by one."""


@dataclass(frozen=True)
class StoredCase:
    """An image and its label map as they are stored; shape and spacing are along (z, y, x)."""

    name: str
    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    image_bytes: int = 2
    """Of a voxel, as SimpleITK holds it."""
    label_bytes: int = 1
    """As well; 0 of an image without a label map."""
    whole_labels: bool = True
    """Whether labels are stored as whole numbers."""

    @property
    def voxels(self) -> int:
        return prod(self.shape)


def stored_cases(raw: Path, ending: str, cases: Iterable[str]) -> list[StoredCase]:
    """The training cases of the data set in `raw`, in order, but for images that are not three-dimensional.

    Raises MethodError with all files without a header.
    """
    unreadable: list[str] = []
    found = []
    for case in sorted(cases):
        image = _header(raw / "imagesTr" / image_name(case, ending), unreadable)
        label = _header(raw / "labelsTr" / label_name(case, ending), unreadable)
        if image is not None and label is not None and len(image.shape) == 3:
            is_whole = "integer" in label.kind
            found.append(StoredCase(case, image.shape, image.spacing_mm, image.bytes, label.bytes, is_whole))
    if unreadable:
        raise MethodError(" ".join(unreadable))
    return found


def stored_images(images: Mapping[str, Path]) -> list[StoredCase]:
    """The images by case, without label maps. One without a header or three dimensions is left out: what reads
    it says so.
    """
    headers = {case: _header(image, []) for case, image in images.items()}
    return [
        StoredCase(case, header.shape, header.spacing_mm, header.bytes, label_bytes=0)
        for case, header in headers.items()
        if header is not None and len(header.shape) == 3
    ]


def planned_spacing_mm(cases: Sequence[StoredCase]) -> tuple[float, ...]:
    """The spacing (z, y, x) that nnU-Net, either version, plans for such cases: the median along each axis.

    An axis whose median is more than three times the others', with less than a third of their voxels, gets a smaller
    one. nnU-Net looks at cropped volumes.
    """
    spacings = np.array([case.spacing_mm for case in cases])
    target, size = np.median(spacings, axis=0), np.median([case.shape for case in cases], axis=0)
    worst = int(np.argmax(target))
    longest = np.delete(target, worst).max()
    if target[worst] > ANISOTROPIC * longest and size[worst] * ANISOTROPIC < np.delete(size, worst).min():
        tenth = np.percentile(spacings[:, worst], 10)
        target[worst] = longest + 1e-5 if tenth < longest else tenth
    return tuple(target.tolist())


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    bytes: int
    kind: str


def _header(file: Path, unreadable: list[str]) -> _Header | None:
    """None of a file without one, which gets a sentence in `unreadable`."""
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(file))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        unreadable.append(f"{file}: {unreadable_image(error) or error}")
        return None
    kind = reader.GetPixelID()
    channels = reader.GetNumberOfComponents()
    voxel_bytes = SimpleITK.Image([1, 1, 1], kind, channels).GetSizeOfPixelComponent() * channels
    shape, spacing = reader.GetSize()[::-1], reader.GetSpacing()[::-1]
    return _Header(shape, spacing, voxel_bytes, SimpleITK.GetPixelIDValueAsString(kind))
