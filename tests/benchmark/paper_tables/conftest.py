"""The paper's text beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def paper_text() -> str:
    """The text of the paper, its tables as lines of cells with tabs between."""
    paths = sorted((Path(__file__).resolve().parents[4] / "shared" / "paper").glob("*.txt"))
    if not paths:
        pytest.skip("the paper's text (../shared/paper) is not beside the repository")
    return paths[0].read_text(encoding="utf-8")
