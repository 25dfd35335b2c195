"""The test hub is one: the hub library's own download, which is not ours, understands it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .conftest import release_files
from .hub_server import COMMIT, REPOSITORY, HubServer

# In a process of its own, for the library reads the endpoint once.
LIBRARY = """
import sys
from huggingface_hub import HfApi, snapshot_download
repository, revision, folder = sys.argv[1:]
snapshot_download(repository, repo_type="dataset", revision=revision, local_dir=folder)
checked = HfApi().verify_repo_checksums(repository, repo_type="dataset", revision=revision, local_dir=folder)
print(checked.checked_count, len(checked.mismatches), len(checked.missing_paths))
"""


def test_the_librarys_own_download_gets_every_file(tmp_path: Path) -> None:
    files = release_files(20)
    with HubServer(files) as server:
        environment = {
            **os.environ,
            "HF_ENDPOINT": server.endpoint,
            "HF_HOME": str(tmp_path / "home"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
        }
        out = tmp_path / "out"
        command = [sys.executable, "-c", LIBRARY, REPOSITORY, COMMIT, str(out)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        stored = [asked for asked in server.asked if asked.host == "store"]
    assert done.stdout.split() == [str(len(files)), "0", "0"]
    assert {path: (out / path).read_bytes() for path in files} == files
    assert len(stored) == sum(len(content) >= server.large_from for content in files.values())
