"""Writes nnU-Net v1's label maps: whole or not at all, and refused where its output is not finite.

Runs in the process of v1, which importing this module imports.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from nnunet.inference.segmentation_export import save_segmentation_nifti_from_softmax
from nnunet.postprocessing.connected_components import load_remove_save

from mswal_bench.baselines.case_failures import lost_output
from mswal_bench.baselines.method import MethodError, Report
from mswal_bench.baselines.nnunet.speck_filter import without_specks

_PARTIAL = ".partial-"


@dataclass(frozen=True)
class Export:
    """Takes the place of v1's function that writes a label map from softmax; called in a worker process."""

    folder: Path
    """Where the label map comes to lie once it is whole, whatever folder v1 names."""
    largest_only: tuple[Any, ...] = ()
    """v1's post-processing: the classes (or lists of classes taken as one) that keep their largest component alone."""
    least_mm3: Mapping[int, float] = field(default_factory=dict)
    """By class, the volume below which a component is a speck and removed."""
    report: Report | None = None
    cases: tuple[str, ...] = ()
    """Those that the report counts."""
    lost: str | None = None
    """The name of a file that is made in v1's folder of a case whose softmax is not finite, in place of the label map:
    the other cases go on. None raises instead."""

    def __call__(self, softmax: Any, out_file: str, *options: Any) -> None:
        name = Path(out_file).name
        if not _is_finite(softmax):
            if self.lost is None:
                raise MethodError(f"{name.removesuffix('.nii.gz')}: {lost_output()}")
            Path(out_file).with_name(self.lost).touch()
            return
        partial = Path(out_file).with_name(_PARTIAL + name)
        save_segmentation_nifti_from_softmax(softmax, str(partial), *options)
        if self.largest_only:
            load_remove_save(str(partial), str(partial), list(self.largest_only))
        if self.least_mm3:
            _remove_specks(partial, self.least_mm3)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(self.folder / name)
        if self.report is not None:
            done = sum((self.folder / f"{case}.nii.gz").exists() for case in self.cases)
            self.report(done, len(self.cases), name.removesuffix(".nii.gz"))


def _is_finite(softmax: Any) -> bool:
    """Of an array (class, z, y, x), or of the file that v1 puts a large one in."""
    array = np.load(softmax, mmap_mode="r") if isinstance(softmax, str) else softmax
    # One value that is not finite makes the extremes so too. By class, of which a large volume's fits into memory.
    return all(np.isfinite(channel.min()) and np.isfinite(channel.max()) for channel in array)


def remove_unfinished(folder: Path) -> None:
    """Removes what a killed export left: v1 would take it for the label map of another case."""
    for path in folder.glob(f"{_PARTIAL}*"):
        path.unlink()


def _remove_specks(path: Path, least_mm3: Mapping[int, float]) -> None:
    image = SimpleITK.ReadImage(str(path))
    labels = SimpleITK.GetArrayFromImage(image).astype(np.uint8)
    cleaned = SimpleITK.GetImageFromArray(without_specks(labels, image.GetSpacing(), least_mm3))
    cleaned.CopyInformation(image)
    SimpleITK.WriteImage(cleaned, str(path), useCompression=True)
