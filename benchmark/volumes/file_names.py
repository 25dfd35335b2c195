"""The names of volume files: which endings are read, and which case a file is of."""

from __future__ import annotations

from collections.abc import Collection

SUBMITTED_SUFFIXES = (".nii.gz", ".nii", ".mha")
"""Endings of formats that hold a volume in one file and that are read without trusting it."""
SUFFIXES = (*SUBMITTED_SUFFIXES, ".seg.nrrd", ".nrrd", ".mhd", ".hdr")
"""All endings that are read. The voxels of a `.mhd` and of a `.hdr` are in a file beside it."""
COMPANION_SUFFIXES = (".raw", ".zraw", ".img")
"""Endings of the files with the voxels that a `.mhd` or a `.hdr` describes."""
# What MONAI's and others' writers add to the name of the image that they were given.
_ADDED = ("_trans", "_seg", "_pred", "_0000")


def is_nifti(name: str) -> bool:
    """Whether a file of this name is a NIfTI file."""
    return name.lower().endswith((".nii.gz", ".nii", ".hdr"))


def case_id(name: str, suffixes: Collection[str] = SUFFIXES) -> str | None:
    """The case that a file is of, by its name: the name without its ending; None for other files."""
    for suffix in suffixes:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return None


def submitted_case_id(name: str) -> str | None:
    """As `case_id`, of a file in a submission: None for a format that is not taken from strangers."""
    return case_id(name, SUBMITTED_SUFFIXES)


def case_behind(stem: str, cases: Collection[str]) -> str | None:
    """The case that `stem` is a writer's name for: `CASE_0000_trans`, as MONAI's SaveImaged has it, is of `CASE`.

    None where it is no such name of one of `cases`.
    """
    while stem not in cases:
        shorter = next((stem.removesuffix(added) for added in _ADDED if stem.endswith(added)), stem)
        if shorter == stem:
            return None
        stem = shorter
    return stem
