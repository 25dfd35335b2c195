"""Takes the fingerprint of a data set as nnU-Net does, and holds one volume as it is stored, never a copy of it.

nnU-Net reads image and labels as float32, fills the holes of a mask to find the box that it crops to, and copies both.
The box needs no filled holes, and of all the voxels only the foreground's intensities are asked for.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import SimpleITK
from nnunetv2.experiment_planning.dataset_fingerprint import fingerprint_extractor
from nnunetv2.experiment_planning.dataset_fingerprint.fingerprint_extractor import DatasetFingerprintExtractor
from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO
from numpy.typing import NDArray

from .nonzero_crop import nonzero_box

OfCase = tuple[tuple[int, ...], list[float], list[Any], list[dict[str, float]], float]
"""What nnU-Net gathers of a case: shape after the crop, spacing, by channel some intensities of the foreground and what
describes all of them, and the share of the voxels that the crop leaves."""


class PlaneByPlaneFingerprint(DatasetFingerprintExtractor):  # type: ignore[misc]
    """nnU-Net's fingerprint, of which each case is looked at plane by plane.

    Every number is nnU-Net's own: its function draws from the intensities of the foreground, which it gets in its order
    and in float32. A case that is not a CT of one channel with whole-numbered labels of its shape is left to nnU-Net.
    """

    def run(self, overwrite_existing: bool = False) -> dict[str, Any]:
        # nnU-Net has its workers look at cases by the name that its class has there.
        fingerprint_extractor.DatasetFingerprintExtractor = PlaneByPlaneFingerprint
        try:
            fingerprint: dict[str, Any] = super().run(overwrite_existing)
        finally:
            fingerprint_extractor.DatasetFingerprintExtractor = DatasetFingerprintExtractor
        return fingerprint

    @staticmethod
    def analyze_case(
        image_files: Sequence[str], segmentation_file: str, reader_writer_class: type, num_samples: int = 10000
    ) -> OfCase:
        """Of one case; `num_samples` intensities are drawn of each channel, with replacement."""
        case = None
        if len(image_files) == 1 and reader_writer_class is SimpleITKIO:
            case = _of_foreground(image_files[0], segmentation_file)
        if case is None:
            whole: OfCase = DatasetFingerprintExtractor.analyze_case(
                image_files, segmentation_file, reader_writer_class, num_samples
            )
            return whole
        intensities, before, after, spacing = case
        # As an image of nothing but foreground.
        image = intensities[None, None, None]
        drawn, described = DatasetFingerprintExtractor.collect_foreground_intensities(
            np.ones_like(image, np.uint8), image, num_samples=num_samples
        )
        return after, spacing, drawn, described, np.prod(after) / np.prod(before)


def _of_foreground(
    image_file: str, label_file: str
) -> tuple[NDArray[np.float32], tuple[int, ...], tuple[int, ...], list[float]] | None:
    """The foreground's intensities in the order of the volume (z, y, x), its shape before and after the crop, and its
    spacing; None of a case that only nnU-Net knows what to do with.
    """
    # One volume after the other: of the labels a bit a voxel is kept.
    foreground = _packed_foreground(label_file)
    if foreground is None:
        return None
    stored = SimpleITK.ReadImage(image_file)
    if stored.GetNumberOfComponentsPerPixel() != 1:
        return None
    voxels = SimpleITK.GetArrayViewFromImage(stored)
    of_labels, planes = foreground
    if voxels.shape != of_labels:
        return None
    box = nonzero_box(voxels)
    first, last = box[0]
    rows, columns = (slice(*ends) for ends in box[1:])
    width = voxels.shape[2]
    intensities = [np.empty(0, np.float32)]
    for plane, packed in zip(voxels[first:last], planes[first:last], strict=True):
        cropped = plane[rows, columns]
        if cropped.dtype.kind == "f" and np.isnan(cropped).any():
            # nnU-Net refuses it in its own words.
            return None
        if packed is not None:
            inside = np.unpackbits(packed, axis=1, count=width).view(bool)[rows, columns]
            intensities.append(cropped[inside].astype(np.float32))
    after = tuple(end - begin for begin, end in box)
    return np.concatenate(intensities), voxels.shape, after, list(np.abs(stored.GetSpacing()[::-1]))


def _packed_foreground(file: str) -> tuple[tuple[int, ...], list[NDArray[np.uint8] | None]] | None:
    """The shape of a label map, and of each plane where labels are above 0, a bit a voxel, or None where none is."""
    stored = SimpleITK.ReadImage(file)
    if stored.GetDimension() != 3 or stored.GetNumberOfComponentsPerPixel() != 1:
        return None
    labels = SimpleITK.GetArrayViewFromImage(stored)
    if labels.dtype.kind not in "iu":
        return None
    return labels.shape, [np.packbits(plane > 0, axis=1) if plane.any() else None for plane in labels]
