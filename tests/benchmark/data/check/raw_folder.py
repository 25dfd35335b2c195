"""Finds and edits the files of a raw folder, to plant faults into it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from mswal_bench.benchmark.volumes.nifti_fields import HEADER

Array = NDArray[Any]


def image_of(raw: Path, case: int = 1) -> Path:
    return raw / f"images{'Tr' if case <= 484 else 'Ts'}" / f"PHANTOM_{case:04}_0000.nii.gz"


def label_of(raw: Path, case: int = 1) -> Path:
    return raw / f"labels{'Tr' if case <= 484 else 'Ts'}" / f"PHANTOM_{case:04}.nii.gz"


def edit_header(path: Path, **fields: Any) -> None:
    """Sets fields of a gzipped NIfTI header; a callable gets the old value and gives the new."""
    content = bytearray(gzip.decompress(path.read_bytes()))
    header = np.frombuffer(content, HEADER, 1)
    for name, value in fields.items():
        header[name][0] = value(header[name][0].copy()) if callable(value) else value
    path.write_bytes(gzip.compress(bytes(content)))


def edit_voxels(path: Path, change: Callable[[Array], Array]) -> None:
    """Replaces the voxels, an array (z, y, x), by what `change` makes of them; of what type that is, is kept."""
    image = SimpleITK.ReadImage(str(path))
    changed = SimpleITK.GetImageFromArray(change(SimpleITK.GetArrayFromImage(image)))
    if changed.GetSize() == image.GetSize():
        changed.CopyInformation(image)
    SimpleITK.WriteImage(changed, str(path), useCompression=True)


def edit_description(raw: Path, **entries: Any) -> None:
    """Sets entries of dataset.json; None removes one."""
    path = raw / "dataset.json"
    description = {**json.loads(path.read_text()), **entries}
    path.write_text(json.dumps({key: value for key, value in description.items() if value is not None}))


def content(folder: Path) -> dict[str, bytes | str]:
    """Every file below a folder with its bytes, and every link with where it leads."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }
