"""Finds the series of DICOM files in a folder, and reads one as a volume, with SimpleITK's reader (GDCM)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.benchmark.core.errors import Problem, listed
from mswal_bench.benchmark.core.litter import visible

from .stored_volume import refuse

if TYPE_CHECKING:
    import SimpleITK

# A DICOM file begins with 128 bytes of anything, and this.
_PREAMBLE, _MAGIC = 128, b"DICM"
_MOST_NAMED = 5
_MODALITY, _DESCRIPTION, _IMAGE_TYPE = "0008|0060", "0008|103e", "0008|0008"
_POSITION, _ORIENTATION = "0020|0032", "0020|0037"
# Scanners give positions to a hundredth of a millimetre or coarser; a slice that is missing is off by a whole step.
_UNEVEN_MM = 0.1
_SAME_PLACE_MM = 1e-3
# A sheared stack is read as if it were straight: at this slope, 300 mm further the volume is off by 3 mm.
_TILTED = 0.01


@dataclass(frozen=True)
class DicomSeries:
    """One series of DICOM files, which is one volume."""

    folder: Path
    uid: str
    files: tuple[Path, ...]
    """Are in the order of the slices; a single one may hold several slices."""
    beside: tuple[Path, ...] = ()
    """Are the other files of the folder, which GDCM takes for no part of any series."""

    @property
    def modality(self) -> str:
        """Returns `CT`, `MR` and so on; empty where the files do not say."""
        return self._slices[0].get(_MODALITY, "")

    def __str__(self) -> str:
        """Returns what a person tells it from others by: `'Abdomen 1.0' (CT, 301 files, series 1.2.840...)`."""
        name = self._slices[0].get(_DESCRIPTION, "")
        count = "1 file" if len(self.files) == 1 else f"{len(self.files)} files"
        named = f"{name!r} " if name else ""
        return f"{named}({', '.join(filter(None, (self.modality, count, f'series {self.uid}')))})"

    def oddities(self) -> list[Problem]:
        """Returns what is odd with the files as a CT of evenly spaced slices; the voxels are not read."""
        where = str(self.folder)
        found = []
        if self.beside:
            mend = "Are slices among them?"
            what = "files in the folder of the series are no part of it, and are passed over"
            found.append(
                Problem(what, where, found=listed([path.name for path in self.beside], _MOST_NAMED), mend=mend)
            )
        if self.modality != "CT":
            mend = "The networks know the Hounsfield units of a CT alone."
            found.append(Problem("the series is no CT", where, "modality CT", self.modality or "none", mend))
        if "LOCALIZER" in self._slices[0].get(_IMAGE_TYPE, "").upper():
            found.append(Problem("the series is a localizer, an overview of where the scan was", where))
        steps = np.diff(self._positions_mm, axis=0)
        if steps.size:
            lengths = np.abs(steps @ self._normal)
            usual = float(np.median(lengths))
            uneven = np.abs(lengths - usual) > _UNEVEN_MM
            if uneven.any():
                what = "slices are missing or not evenly spaced, and are read as if they were"
                gaps = f"{lengths.min():.4g} to {lengths.max():.4g} mm"
                mend = "Places and sizes of lesions are then wrong: export the whole series again."
                found.append(Problem(what, where, f"{usual:.4g} mm between all slices", gaps, mend))
            across = np.linalg.norm(steps.sum(axis=0) - (steps.sum(axis=0) @ self._normal) * self._normal)
            if across > _TILTED * lengths.sum() > 0:
                degrees = float(np.degrees(np.arctan(across / lengths.sum())))
                what = "the gantry was tilted, and the slices are read as if they lay straight above each other"
                mend = "Resample the series to a straight grid for true places."
                found.append(Problem(what, where, found=f"{degrees:.1f} degrees", mend=mend))
        return found

    def problems(self) -> list[Problem]:
        """Returns why the files are not one volume; empty where they are."""
        # GDCM leaves out a file that is cut off, and says nothing.
        damaged = [path.name for path in self.beside if path.name.upper() != "DICOMDIR" and _begins_as_dicom(path)]
        if damaged:
            what, found = "DICOM files of the folder cannot be read", listed(damaged, _MOST_NAMED)
            mend = "Copy them again, or move away what is no slice of the volume."
            return [Problem(what, str(self.folder), found=found, mend=mend)]
        # In whatever order GDCM puts slices that lie in the same place.
        along = np.sort(self._positions_mm @ self._normal)
        if (np.diff(along) < _SAME_PLACE_MM).any():
            what = "slices of the series lie in the same place: it holds more than one volume"
            mend = "Put the slices of one phase or reconstruction into a folder of their own."
            return [Problem(what, str(self.folder), found=str(self), mend=mend)]
        return []

    def read(self) -> SimpleITK.Image:
        """Reads the volume, in Hounsfield units for a CT. Raises VolumeError where it cannot be read or is not 3D."""
        volume = self._read(self.files)
        if volume.GetDimension() != 3 or volume.GetNumberOfComponentsPerPixel() != 1 or volume.GetSize()[2] < 2:
            found = f"shape {volume.GetSize()}"
            if volume.GetNumberOfComponentsPerPixel() != 1:
                found += f" of {volume.GetNumberOfComponentsPerPixel()} channels"
            expected = "one volume of two slices or more"
            raise refuse(self.folder, "the series is not one 3D volume", expected, found, mend="", fault="not-3d")
        return volume

    def read_slice(self, number: int) -> NDArray[Any]:
        """Reads one of several files alone: the volume's slice of that number, from 0, in the shape (y, x).

        Raises VolumeError where it cannot be read.
        """
        import SimpleITK

        voxels: NDArray[Any] = SimpleITK.GetArrayFromImage(self._read(self.files[number : number + 1]))
        return voxels.reshape(voxels.shape[-2:])

    def _read(self, files: Sequence[Path]) -> SimpleITK.Image:
        import SimpleITK

        paths = [str(path) for path in files]
        with _quiet():
            try:
                if len(paths) == 1:
                    return SimpleITK.ReadImage(paths[0], imageIO="GDCMImageIO")
                reader = SimpleITK.ImageSeriesReader()
                reader.SetImageIO("GDCMImageIO")
                reader.SetFileNames(paths)
                return reader.Execute()
            except RuntimeError as error:
                reason = str(error).strip().splitlines()[-1].removeprefix("ITK ERROR: ")
                raise refuse(self.folder, f"the series cannot be read ({reason})", mend="Export it again.") from error

    @cached_property
    def _slices(self) -> list[dict[str, str]]:
        """The tags of every file that are asked for here."""
        import SimpleITK

        reader = SimpleITK.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        found: list[dict[str, str]] = []
        with _quiet():
            for path in self.files:
                reader.SetFileName(str(path))
                try:
                    reader.ReadImageInformation()
                except RuntimeError:
                    # Reading the volume will tell.
                    found.append({})
                    continue
                tags = (_MODALITY, _DESCRIPTION, _IMAGE_TYPE, _POSITION, _ORIENTATION)
                found.append({tag: reader.GetMetaData(tag).strip() for tag in tags if reader.HasMetaDataKey(tag)})
        return found

    @cached_property
    def _positions_mm(self) -> NDArray[np.float64]:
        """Of the first voxel of each slice, shape (slices, 3); empty where a file does not say where it lies."""
        positions = [_numbers(tags.get(_POSITION, ""), 3) for tags in self._slices]
        return np.zeros((0, 3)) if None in positions else np.array(positions, float)

    @cached_property
    def _normal(self) -> NDArray[np.float64]:
        """Of the first slice's plane."""
        cosines = _numbers(self._slices[0].get(_ORIENTATION, ""), 6) or [1, 0, 0, 0, 1, 0]
        return np.asarray(np.cross(cosines[:3], cosines[3:]), np.float64)


def series_in(folder: Path) -> list[DicomSeries]:
    """Returns the series whose files lie in the folder itself, by their ids; empty where none is there."""
    import SimpleITK

    with _quiet():
        reader = SimpleITK.ImageSeriesReader
        ids = reader.GetGDCMSeriesIDs(str(folder))
        files = {uid: tuple(map(Path, reader.GetGDCMSeriesFileNames(str(folder), uid))) for uid in ids}
    of_series = {path.name for paths in files.values() for path in paths}
    beside = tuple(path for path in visible(folder) if path.is_file() and path.name not in of_series)
    return [DicomSeries(folder, uid, files[uid], beside) for uid in sorted(files)]


def _begins_as_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC) + _PREAMBLE)[_PREAMBLE:] == _MAGIC


def _numbers(text: str, count: int) -> list[float] | None:
    """The numbers of a tag, `1\\2\\3`; None where they are not so many."""
    try:
        numbers = [float(number) for number in text.split("\\")]
    except ValueError:
        return None
    return numbers if len(numbers) == count and np.isfinite(numbers).all() else None


@contextmanager
def _quiet() -> Iterator[None]:
    """Without ITK's own warnings, which name places in its source and nothing that a user could mend."""
    import SimpleITK

    process: Any = SimpleITK.ProcessObject
    shown = process.GetGlobalWarningDisplay()
    process.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        process.SetGlobalWarningDisplay(shown)
