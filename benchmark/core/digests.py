"""Computes the SHA-256 of files."""

from __future__ import annotations

import hashlib
from pathlib import Path


def file_digest(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes, as `sha256:...`. Raises OSError for one that cannot be read."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
