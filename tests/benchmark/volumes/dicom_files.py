"""Writes a volume as a series of DICOM files, as a scanner would."""

import locale
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import SimpleITK


def write_series(
    volume: SimpleITK.Image,
    folder: Path,
    *,
    uid: str = "1.2.3.4",
    tags: Mapping[str, str] | None = None,
    without: Collection[int] = (),
    shift_mm: float = 0.0,
) -> list[Path]:
    """A file a slice, the last slice under the first name, in HU by the slope and intercept of a CT.

    `tags` are changed, slices `without` left out; `shift_mm` moves each slice further along x, as a tilted gantry does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    volume = SimpleITK.Cast(volume, SimpleITK.sitkInt16)
    cosines = np.reshape(volume.GetDirection(), (3, 3))[:, :2].T.ravel()
    writer = SimpleITK.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    written = []
    # Writing DICOM leaves the process in the locale C, in which Python reads and writes text as ASCII.
    before = locale.setlocale(locale.LC_ALL)
    for number in sorted(set(range(volume.GetDepth())) - set(without)):
        slice_ = volume[:, :, number]
        for key in slice_.GetMetaDataKeys():
            slice_.EraseMetaData(key)
        x, y, z = volume.TransformIndexToPhysicalPoint((0, 0, number))
        of_slice = {
            "0008|0008": "ORIGINAL\\PRIMARY\\AXIAL",
            "0008|0018": f"{uid}.2.{number + 1}",
            "0008|0060": "CT",
            "0008|103e": "Abdomen",
            "0020|000d": f"{uid}.1",
            "0020|000e": uid,
            "0020|0013": str(number + 1),
            "0020|0032": "\\".join(map(str, (x + number * shift_mm, y, z))),
            "0020|0037": "\\".join(map(str, cosines.tolist())),
            "0028|1052": "-1024",
            "0028|1053": "1",
        }
        for key, value in {**of_slice, **(tags or {})}.items():
            slice_.SetMetaData(key, value)
        written.append(folder / f"{uid.rpartition('.')[2]}-{1000 - number:04d}.dcm")
        writer.SetFileName(str(written[-1]))
        writer.Execute(slice_)
    locale.setlocale(locale.LC_ALL, before)
    return written
