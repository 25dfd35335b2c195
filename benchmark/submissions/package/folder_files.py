"""Lists the files of a submission that is a folder."""

from __future__ import annotations

import io
import os
from functools import partial
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG

from mswal_bench.benchmark.core.litter import is_litter
from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding

from .listing import Listing, PackageError

# Neither follow a link that has taken the file's place since it was listed, nor wait for a pipe that has.
_SAFELY = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def list_folder(folder: Path, listing: Listing) -> None:
    """Lists all regular files below `folder`; of links none, wherever they lead. Raises PackageError."""
    waiting = [""]
    while waiting:
        waiting += reversed(_list_one(folder, waiting.pop(), listing))


def _list_one(top: Path, inside: str, listing: Listing) -> list[str]:
    """Lists the files that lie in a folder itself; gives the folders in it."""
    found = []
    try:
        with os.scandir(top / inside) as entries:
            for entry in entries:
                listing.count()
                found.append(f"{inside}/{entry.name}".removeprefix("/"))
    except OSError as error:
        listing.refuse("package-unreadable", inside, error.strerror or str(error))
    folders = []
    for place in sorted(found):
        name = listing.name_of(os.fsencode(place))
        if name is None or is_litter(name):
            continue
        path = top / place
        try:
            status = path.lstat()
        except OSError as error:
            listing.refuse("package-unreadable", name, error.strerror or str(error))
            continue
        if S_ISDIR(status.st_mode):
            folders.append(place)
        elif S_ISREG(status.st_mode):
            listing.weigh(status.st_size)
            listing.add(name, status.st_size, partial(_open, path, name, status))
        else:
            listing.refuse("symbolic-link" if S_ISLNK(status.st_mode) else "special-file", name)
    return folders


def _open(path: Path, name: str, listed: os.stat_result) -> io.FileIO:
    descriptor = os.open(path, _SAFELY)
    file = io.FileIO(descriptor, "rb")
    if not os.path.samestat(os.fstat(descriptor), listed):
        file.close()
        raise PackageError(
            SubmissionFinding("package-unreadable", name, "another file than when the folder was listed")
        )
    return file
