"""Computes the SHA-256 of files and texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from .regular_files import open_regular


def file_digest(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes, as `sha256:...`. Raises OSError for one that cannot be read."""
    with open_regular(path) as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def joint_digest(parts: Iterable[str]) -> str:
    """Returns one SHA-256, as above, of several texts in their order: the digests of a volume's files, say."""
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()
