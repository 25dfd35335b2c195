"""Says which names in a folder are litter: what systems, disk stations and tools leave there, and nobody put there."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path, PurePath

# In lower case, for Windows and macOS do not tell cases apart. Files and folders alike.
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
# Resource forks of macOS; files that are still open somewhere, on NFS and FUSE; wastebaskets of mounted disks.
_PATTERNS = ("._*", ".nfs*", ".fuse_hidden*", ".trash-*", ".smbdelete*")


def is_litter(name: str) -> bool:
    """Whether a file or folder of that name, or any folder of a path with `/` that it lies in, is litter."""
    return any(_is_litter(part.lower()) for part in name.split("/"))


def is_passed_over(name: str) -> bool:
    """Whether a listing passes over a name: litter, and what is hidden (half-written files begin with a dot too)."""
    return name.startswith(".") or _is_litter(name.lower())


def visible(folder: Path) -> list[Path]:
    """What lies in a folder and is not passed over, by name. Raises OSError."""
    return sorted(entry for entry in folder.iterdir() if not is_passed_over(entry.name))


def is_seen_below(path: PurePath, root: PurePath) -> bool:
    """Whether nothing on the way from `root` to `path` is litter. Hidden folders count: a user may have named them."""
    return not is_litter(path.relative_to(root).as_posix())


def _is_litter(name: str) -> bool:
    return name in _NAMES or any(fnmatchcase(name, pattern) for pattern in _PATTERNS)
