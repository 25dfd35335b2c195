"""Interprets the names of volume files: which endings are read, and which case a file belongs to."""

from __future__ import annotations

from collections.abc import Collection

from mswal_bench.baselines.raw_layout import CHANNEL

SUBMITTED_SUFFIXES = (".nii.gz", ".nii", ".mha")
"""Are the endings accepted in submissions: formats that hold a volume in one file and need not be trusted."""
SUFFIXES = (*SUBMITTED_SUFFIXES, ".seg.nrrd", ".nrrd", ".mhd", ".hdr")
"""Are all endings that are read. The voxels of a `.mhd` and of a `.hdr` are in a file beside it."""
COMPANION_SUFFIXES = (".raw", ".zraw", ".img")
"""Are the endings of files with the voxels that a `.mhd` or a `.hdr` describes."""
RAW_SUFFIXES = (".nii.gz", ".nii", ".mha", ".nrrd")
"""Are the endings that a data set in nnU-Net's raw layout may have: what nnU-Net reads with SimpleITK, in one file."""
PREPARED_SUFFIXES = (".nii.gz", ".nii")
"""Are the endings of volumes that can be prepared for training."""
_NOT_PREPARED = (".mha", ".mhd", ".nrrd", ".hdr", ".img", ".dcm")
# MONAI and other tools add these to the name of the image when they save a prediction.
_ADDED = ("_trans", "_seg", "_pred", CHANNEL)


def is_nifti(name: str) -> bool:
    """Returns whether a file of this name is a NIfTI file."""
    return name.lower().endswith((".nii.gz", ".nii", ".hdr"))


def split_ending(name: str, suffixes: Collection[str]) -> tuple[str, str]:
    """Splits a name into stem and ending, one of `suffixes`: `("MSWAL_0001", ".nii.gz")`.

    Capitals make no difference. The ending is empty for other files.
    """
    for suffix in suffixes:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], suffix
    return name, ""


def case_id(name: str, suffixes: Collection[str] = SUFFIXES) -> str | None:
    """Returns the case that a file belongs to, which is its name without the ending; None for other files."""
    stem, ending = split_ending(name, suffixes)
    return stem if ending else None


def submitted_case_id(name: str) -> str | None:
    """Returns the `case_id` of a file in a submission; None for a format that submissions cannot have."""
    return case_id(name, SUBMITTED_SUFFIXES)


def case_behind(stem: str, cases: Collection[str]) -> str | None:
    """Returns the case to whose name a tool added an ending: `CASE_0000_trans`, from MONAI's SaveImaged, is of `CASE`.

    `stem` is a file's name without its format. None where no case of `cases` is behind it.
    """
    while stem not in cases:
        shorter = next((stem.removesuffix(added) for added in _ADDED if stem.endswith(added)), stem)
        if shorter == stem:
            return None
        stem = shorter
    return stem


def case_of_image(stem: str) -> str | None:
    """Returns the case of an image in nnU-Net's raw layout, `stem` without the channel; None for other names."""
    case = stem.removesuffix(CHANNEL)
    return case if case and case != stem else None


def without_channel(stem: str) -> str:
    """Returns the case of an image: its name without nnU-Net's channel number, which not everybody adds."""
    case = stem.removesuffix(CHANNEL)
    # A case may itself have the number 0000; what is left then has no number.
    return case if any(character.isdigit() for character in case) else stem


def is_not_prepared(name: str) -> bool:
    """Returns whether a file of this name is a volume in a format that cannot be prepared."""
    return name.lower().endswith(_NOT_PREPARED)
