"""The test hub for models is one: the hub library's own calls make repositories and commits on it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .model_hub import WRITER, ModelHub

# In a process of its own, for the library reads the endpoint once.
LIBRARY = """
import json, sys
from pathlib import Path
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download
big, out = sys.argv[1:]
api, name = HfApi(), "me/model"
api.create_repo(name, private=True)
first = api.create_commit(
    name,
    [CommitOperationAdd("README.md", b"---\\nlicense: mit\\n---\\n"), CommitOperationAdd("old.bin", big)],
    commit_message="first",
)
second = api.create_commit(
    name, [CommitOperationAdd("new.bin", big), CommitOperationDelete("old.bin")], commit_message="second"
)
info = api.model_info(name, files_metadata=True)
path = hf_hub_download(name, "old.bin", revision=first.oid, local_dir=out)
files = {each.rfilename: each.lfs and each.lfs.sha256 for each in info.siblings}
print(json.dumps([info.private, info.sha == second.oid, files, path]))
"""


@pytest.mark.parametrize("part_bytes", [None, 1000])
def test_the_librarys_own_calls_push_and_fetch(tmp_path: Path, part_bytes: int | None) -> None:
    content = bytes(range(256)) * 10
    (tmp_path / "big").write_bytes(content)
    with ModelHub() as server:
        server.part_bytes = part_bytes
        environment = {
            **os.environ,
            "HF_ENDPOINT": server.endpoint,
            "HF_HOME": str(tmp_path / "home"),
            "HF_TOKEN": WRITER,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
        }
        command = [sys.executable, "-c", LIBRARY, str(tmp_path / "big"), str(tmp_path / "out")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        puts = [asked.path for asked in server.asked if asked.method == "PUT"]
    private, is_newest, files, path = json.loads(done.stdout)
    assert private
    assert is_newest
    sha256 = hashlib.sha256(content).hexdigest()
    assert files == {".gitattributes": None, "README.md": None, "new.bin": sha256}
    assert Path(path).read_bytes() == content
    # The second commit names what the store has already.
    assert len(puts) == (1 if part_bytes is None else 3)
