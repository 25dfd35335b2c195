"""A maker of MSWAL's folder that needs no place told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .user_folders import mswal_folder

MakeFolder = Callable[..., Path]


@pytest.fixture
def make_mswal(tmp_path: Path) -> MakeFolder:
    """`mswal_folder`, by default at tmp_path/src."""

    def make(*, root: Path | None = None, **options: object) -> Path:
        return mswal_folder(root or tmp_path / "src", **options)  # type: ignore[arg-type]

    return make
