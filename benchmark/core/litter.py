"""Recognises litter: files and folders that operating systems, disk stations and tools leave behind."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path, PurePath

# Names of files and folders, in lower case, for Windows and macOS do not distinguish upper and lower case.
_NAMES = frozenset(
    {
        # macOS
        ".ds_store", ".appledouble", ".apdisk", ".documentrevisions-v100", ".fseventsd", ".localized",
        ".spotlight-v100", ".temporaryitems", ".trashes", ".volumeicon.icns", "__macosx", "icon\r",
        # Windows
        "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin", "system volume information",
        # disk stations
        "@eadir", "@tmp", "@recycle", "#recycle", "#snapshot", ".snapshot", ".@__thumb", "@recently-snapshot",
        # Linux and desktops
        "lost+found", ".directory", ".trash",
        # notebooks and Python
        ".ipynb_checkpoints", "__pycache__",
    }
)  # fmt: skip
# Resource forks of macOS; files that are still open somewhere, on NFS, FUSE and SMB; wastebaskets of mounted disks.
_PATTERNS = ("._*", ".nfs*", ".fuse_hidden*", ".trash-*", ".smbdelete*")


def is_litter(name: str) -> bool:
    """Returns whether a file or folder is litter, or, for a path with `/`, lies in a folder that is."""
    return any(_is_litter(part.lower()) for part in name.split("/"))


def is_passed_over(name: str) -> bool:
    """Returns whether a listing ignores a name: one of litter, or a hidden one, as half-written files have."""
    return name.startswith(".") or _is_litter(name.lower())


def visible(folder: Path) -> list[Path]:
    """Lists what lies in a folder and is not passed over, sorted by name. Raises OSError for one it cannot read."""
    return sorted(entry for entry in folder.iterdir() if not is_passed_over(entry.name))


def is_seen_below(path: PurePath, root: PurePath) -> bool:
    """Returns whether no name on the way from `root` to `path` is litter; hidden folders are allowed."""
    return not is_litter(path.relative_to(root).as_posix())


def _is_litter(name: str) -> bool:
    return name in _NAMES or any(fnmatchcase(name, pattern) for pattern in _PATTERNS)
