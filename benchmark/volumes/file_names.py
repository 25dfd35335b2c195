"""The names of volume files: which endings are read, and which case a file is of."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

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


ENDINGS = (".nii.gz", ".nii")
"""Of the volumes that can be prepared."""
_OTHER_ENDINGS = (".mha", ".mhd", ".nrrd", ".hdr", ".img", ".dcm")
_CHANNEL = "_0000"
_PREFIX = re.compile(r"wab_(?=.*[a-z])", re.IGNORECASE)
_MSWAL = re.compile(r"mswal[_-]?(\d+)", re.IGNORECASE)
_BARE = re.compile(r"(?:wab_)?(\d+)", re.IGNORECASE)


def split_ending(name: str) -> tuple[str, str]:
    """`("MSWAL_0001", ".nii.gz")`; the ending is empty where it is not that of a volume that can be prepared."""
    for ending in ENDINGS:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)], ending
    return name, ""


def is_other_volume(name: str) -> bool:
    """Whether the name is that of a volume in a format that is not taken."""
    return name.lower().endswith(_OTHER_ENDINGS)


def without_channel(stem: str) -> str:
    """The case of an image: its name without nnU-Net's channel number, which not everybody adds."""
    case = stem.removesuffix(_CHANNEL)
    # A case may itself be number 0000; what is then left has no number.
    return case if any(character.isdigit() for character in case) else stem


def is_bare(case: str) -> bool:
    """Whether an id is but a number, with or without `wab_`."""
    return _BARE.fullmatch(case) is not None


def certain_id(name: str) -> str:
    """`MSWAL_0001` for every spelling of it (`mswal-1`, `wab_MSWAL_0001`); another full name without its `wab_`."""
    if _PREFIX.match(name):
        name = _PREFIX.sub("", name, count=1)
    match = _MSWAL.fullmatch(name)
    return f"MSWAL_{int(match[1]):04d}" if match else name


def supposed_id(name: str) -> str:
    """As `certain_id`, with a bare number (`wab_0001`) taken for that of MSWAL."""
    case = certain_id(name)
    match = _BARE.fullmatch(case)
    return f"MSWAL_{int(match[1]):04d}" if match else case


def naming(files: Iterable[str], listed: Iterable[str]) -> Callable[[str], str]:
    """How a source's names become ids: `certain_id`, or `supposed_id` where the source itself vouches for it.

    `files` are the training cases that are there, `listed` what the source's list calls them. A bare number is that of
    MSWAL where one of the two has bare numbers, the other has full names, and they map one to one. Else it is kept:
    which patient a number that somebody gave stands for cannot be known from it.
    """
    files, listed = set(files), set(listed)
    some_bare = [any(is_bare(certain_id(name)) for name in names) for names in (files, listed)]
    supposed = {supposed_id(name) for name in files}
    one_to_one = len(supposed) == len(files) == len(listed) and supposed == {supposed_id(name) for name in listed}
    return supposed_id if one_to_one and sum(some_bare) == 1 else certain_id
