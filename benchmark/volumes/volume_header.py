"""Reads the header of a volume file of any supported format; the name's ending gives the format."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISDIR, S_ISREG

from .metaimage_header import metaimage_voxels, read_metaimage_header
from .nifti_header import nifti_voxels, read_nifti_header
from .nrrd_header import read_nrrd_header
from .stored_volume import DAMAGED, StoredVolume, VolumeFile, corrupt, refuse


def read_header(file: VolumeFile) -> StoredVolume:
    """Reads a volume file's header, without its voxels. Raises BenchError for a file that cannot be used."""
    try:
        status = file.stat()
        if S_ISDIR(status.st_mode):
            raise refuse(file, "is a folder", "a file", mend="")
        if not S_ISREG(status.st_mode):
            # Whoever opens a pipe waits for a writer.
            raise refuse(file, "is a pipe or a device", "a file", mend="")
        if not status.st_size:
            raise refuse(file, "the file is empty", fault="truncated")
        name = file.name.lower()
        if name.endswith((".mha", ".mhd")):
            return read_metaimage_header(file)
        return read_nrrd_header(file) if name.endswith(".nrrd") else read_nifti_header(file)
    except DAMAGED as error:
        raise corrupt(file, error) from error
    except OSError as error:
        raise refuse(file, f"cannot be read ({error.strerror or error})", mend="") from error


def files_of(path: Path) -> tuple[Path, ...]:
    """Returns the file itself and, for a `.mhd` or `.hdr`, the one with its voxels.

    Raises VolumeError for a `.mhd` whose header does not name them.
    """
    name = path.name.lower()
    if name.endswith(".mhd"):
        return path, metaimage_voxels(path)
    return (path, nifti_voxels(path)) if name.endswith(".hdr") else (path,)
