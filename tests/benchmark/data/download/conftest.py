"""A hub on loopback with a small data set, and a library that knows of no login and no proxy."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import close_session, constants

from .hub_server import HubServer


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever runs the tests may be logged in to the hub, or behind a proxy: neither is meant here."""
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT", "HF_OIDC_RESOURCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    close_session()


def release_files(cases: int) -> dict[str, bytes]:
    """The release's layout with random content: a few hundred bytes a label map, a few thousand an image."""
    draw = random.Random(0)
    files = {".gitattributes": b"*.gz filter=lfs\n", "README.md": b"# MSWAL\n", "dataset.json": b'{"numTraining": 0}\n'}
    for number in range(1, cases + 1):
        files[f"imagesTr/MSWAL_{number:04d}_0000.nii.gz"] = draw.randbytes(draw.randrange(1000, 9000))
        files[f"labelsTr/MSWAL_{number:04d}.nii.gz"] = draw.randbytes(draw.randrange(100, 1900))
    return files


@pytest.fixture
def server() -> Iterator[HubServer]:
    """Six cases; a hidden file, two small ones, and label maps on both sides of what is large."""
    with HubServer(release_files(6)) as hub:
        yield hub
