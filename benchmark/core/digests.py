"""Computes SHA-256 digests of files and texts, and tells which files no longer have theirs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from .errors import Problem
from .regular_files import open_regular


def file_digest(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes, as `sha256:...`. Raises OSError for one that cannot be read."""
    with open_regular(path) as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def changed_files(folder: Path, digests: Mapping[str, str], written_with: str) -> list[Problem]:
    """Tells which files in `folder` cannot be read, or are not those whose digests are given by their names.

    `written_with` is what has the digests, as problems call it.
    """
    problems = []
    for name, told in digests.items():
        try:
            found = file_digest(folder / name)
        except OSError as error:
            problems.append(Problem(f"cannot be read ({error.strerror or error})", str(folder / name)))
            continue
        if told != found:
            what = f"is not the file that {written_with} was written with"
            problems.append(Problem(what, str(folder / name), told, found))
    return problems


def joint_digest(parts: Iterable[str]) -> str:
    """Returns one SHA-256, as above, of several texts in their order: the digests of a volume's files, say."""
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()
