"""Interprets the names of volume files: which endings are read, and which case a file belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

SUBMITTED_SUFFIXES = (".nii.gz", ".nii", ".mha")
"""Are the endings accepted in submissions: formats that hold a volume in one file and need not be trusted."""
SUFFIXES = (*SUBMITTED_SUFFIXES, ".seg.nrrd", ".nrrd", ".mhd", ".hdr")
"""Are all endings that are read. The voxels of a `.mhd` and of a `.hdr` are in a file beside it."""
COMPANION_SUFFIXES = (".raw", ".zraw", ".img")
"""Are the endings of files with the voxels that a `.mhd` or a `.hdr` describes."""
# MONAI and other tools add these to the name of the image when they save a prediction.
_ADDED = ("_trans", "_seg", "_pred", "_0000")


def is_nifti(name: str) -> bool:
    """Returns whether a file of this name is a NIfTI file."""
    return name.lower().endswith((".nii.gz", ".nii", ".hdr"))


def case_id(name: str, suffixes: Collection[str] = SUFFIXES) -> str | None:
    """Returns the case that a file belongs to, which is its name without the ending; None for other files."""
    for suffix in suffixes:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return None


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


ENDINGS = (".nii.gz", ".nii")
"""Are the endings of volumes that can be prepared for training."""
_OTHER_ENDINGS = (".mha", ".mhd", ".nrrd", ".hdr", ".img", ".dcm")
_CHANNEL = "_0000"
_PREFIX = re.compile(r"wab_(?=.*[a-z])", re.IGNORECASE)
_MSWAL = re.compile(r"mswal[_-]?(\d+)", re.IGNORECASE)
_BARE = re.compile(r"(?:wab_)?(\d+)", re.IGNORECASE)


def split_ending(name: str) -> tuple[str, str]:
    """Splits a name into case and ending, `("MSWAL_0001", ".nii.gz")`; the ending is empty for other files."""
    for ending in ENDINGS:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)], ending
    return name, ""


def is_other_volume(name: str) -> bool:
    """Returns whether a file of this name is a volume in a format that cannot be prepared."""
    return name.lower().endswith(_OTHER_ENDINGS)


def without_channel(stem: str) -> str:
    """Returns the case of an image: its name without nnU-Net's channel number, which not everybody adds."""
    case = stem.removesuffix(_CHANNEL)
    # A case may itself have the number 0000; what is left then has no number.
    return case if any(character.isdigit() for character in case) else stem


def is_bare(case: str) -> bool:
    """Returns whether an id is a bare number, with or without `wab_`."""
    return _BARE.fullmatch(case) is not None


def certain_id(name: str) -> str:
    """Returns `MSWAL_0001` for every spelling of it (`mswal-1`, `wab_MSWAL_0001`), and other names without `wab_`."""
    if _PREFIX.match(name):
        name = _PREFIX.sub("", name, count=1)
    match = _MSWAL.fullmatch(name)
    return f"MSWAL_{int(match[1]):04d}" if match else name


def supposed_id(name: str) -> str:
    """Returns the `certain_id`, where a bare number (`wab_0001`) is taken for a case of MSWAL."""
    case = certain_id(name)
    match = _BARE.fullmatch(case)
    return f"MSWAL_{int(match[1]):04d}" if match else case


def naming(files: Iterable[str], listed: Iterable[str]) -> Callable[[str], str]:
    """Chooses how the names of a source become ids: by `certain_id`, or by `supposed_id` where that is safe.

    `files` are the names of the training cases that are there, `listed` their names in the source's own list. Bare
    numbers are taken for cases of MSWAL where one of the two has bare numbers, the other has full names, and they match
    one to one. Otherwise a bare number is kept, for nothing says which patient it stands for.
    """
    files, listed = set(files), set(listed)
    some_bare = [any(is_bare(certain_id(name)) for name in names) for names in (files, listed)]
    supposed = {supposed_id(name) for name in files}
    one_to_one = len(supposed) == len(files) == len(listed) and supposed == {supposed_id(name) for name in listed}
    return supposed_id if one_to_one and sum(some_bare) == 1 else certain_id
