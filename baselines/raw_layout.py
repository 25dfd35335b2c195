"""Names the files of a data set in nnU-Net's raw layout, which is what every method is given.

Images are in `imagesTr` (training cases) and `imagesTs` (test cases), label maps in `labelsTr` and `labelsTs`; a file's
case is told by its name alone.
"""

from __future__ import annotations

CHANNEL = "_0000"
"""Ends the name of an image, before the file ending: the number of its channel. A CT has this one alone."""


def image_name(case: str, ending: str) -> str:
    """The file name of a case's image: `image_name("MSWAL_0001", ".nii.gz")` is `MSWAL_0001_0000.nii.gz`."""
    return f"{case}{CHANNEL}{ending}"


def label_name(case: str, ending: str) -> str:
    """The file name of a case's label map, `MSWAL_0001.nii.gz`."""
    return f"{case}{ending}"
