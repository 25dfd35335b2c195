"""Downloads from the hub on loopback, and what is in their folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.download.download_release import Download, download_release
from mswal_bench.benchmark.data.download.hub import Hub
from mswal_bench.benchmark.data.download.release import RECORD

from .hub_server import HubServer

IMAGE = "imagesTr/MSWAL_0003_0000.nii.gz"


LABEL = "labelsTr/MSWAL_0004.nii.gz"


WAITS_S = (0.01, 0.01, 0.01)


def fetch(server: HubServer, folder: Path, revision: str = "62c286b0", labels_only: bool = False) -> Download:
    hub = Hub(server.endpoint)
    return download_release(folder, hub, revision=revision, labels_only=labels_only, progress=False, waits_s=WAITS_S)


def refused(server: HubServer, folder: Path, revision: str = "62c286b0") -> str:
    with pytest.raises(BenchError) as caught:
        fetch(server, folder, revision)
    return str(caught.value)


def shown(folder: Path) -> dict[str, bytes]:
    """What a user sees: all files but hidden ones and the record."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != RECORD and not path.name.startswith(".")
    }


def parts(folder: Path) -> list[Path]:
    return list(folder.rglob(".partial-*"))


def wanted(server: HubServer) -> dict[str, bytes]:
    return {path: server.content(path) for path in server.files if not path.startswith(".")}
