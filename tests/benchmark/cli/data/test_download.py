"""`mswal-bench data download` as a user calls it, against a hub on loopback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mswal_bench.tests.benchmark.data.download.conftest import release_files
from mswal_bench.tests.benchmark.data.download.hub_server import COMMIT, HubServer


class User:
    """Calls the command in a home of its own, and a process of its own, for the library reads its settings once."""

    def __init__(self, server: HubServer, home: Path):
        self.server = server
        self.home = home
        unset = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HOME", "HF_HUB_OFFLINE", "HF_OIDC_RESOURCE"}
        self.environment = {name: value for name, value in os.environ.items() if name not in unset} | {
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "HF_ENDPOINT": server.endpoint + "/",
            "NO_PROXY": "127.0.0.1",
        }
        home.mkdir()

    def start(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "mswal_bench.benchmark.cli.main", "data", "download", *map(str, arguments)]
        return subprocess.Popen(
            # Tests that run in the background have Ctrl-C ignored, and what they start inherits that.
            ["env", "--default-signal=INT", *command],
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str | Path, **environment: str) -> tuple[int, str, str]:
        with self.start(*arguments, **environment) as process:
            out, error = process.communicate(timeout=120)
        return process.returncode, out, error


def assert_whole(folder: Path, server: HubServer) -> None:
    found = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    listed = {path for path in server.files if not path.startswith(".")}
    assert found == listed | {"release.json"}
    assert all((folder / path).read_bytes() == server.content(path) for path in listed)
    assert not list(folder.rglob(".partial-*"))


def test_the_released_484_cases_are_downloaded(phantom_mswal: Path, tmp_path: Path) -> None:
    files = {
        path.relative_to(phantom_mswal).as_posix(): path
        for path in [phantom_mswal / "dataset.json", *phantom_mswal.glob("*Tr/*.nii.gz")]
    }
    with HubServer(files) as server:
        user = User(server, tmp_path / "home")
        for path in list(files)[1:400:50]:
            server.faults.break_after[path] = [100]
        code, out, error = user.call(tmp_path / "MSWAL")
        assert (code, error) == (0, "")
        assert f"Check them before you use it: {server.endpoint}/datasets/zhaodongwu/MSWAL\n" in out
        assert f"zhaodongwu/MSWAL at {COMMIT}: 969 files, " in out
        assert "fetched now: 969 files, " in out
        assert_whole(tmp_path / "MSWAL", server)

        asked = len(server.asked)
        code, out, error = user.call(tmp_path / "MSWAL")
        assert (code, error) == (0, "")
        assert "nothing was left to fetch" in out
        assert len(server.asked) == asked
    assert not list((tmp_path / "home").iterdir())


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGKILL, -9)])
def test_stopped_at_once_the_same_command_goes_on_where_it_stopped(
    tmp_path: Path, how: signal.Signals, code: int
) -> None:
    files = {path: content * 20 for path, content in release_files(4).items()}
    folder = tmp_path / "out"
    with HubServer(files) as server:
        user = User(server, tmp_path / "home")
        server.faults.block_s = 0.05
        with user.start(folder) as process:
            deadline = time.monotonic() + 60
            # The four images come last and at the same time; each has come in part.
            while sum(path.stat().st_size > 5000 for path in folder.glob("imagesTr/.partial-*")) < 4:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            process.send_signal(how)
            _, error = process.communicate(timeout=30)
        assert process.returncode == code
        assert "Traceback" not in error
        assert ("the same command goes on" in error) == (how == signal.SIGINT)
        assert not list(folder.glob("imagesTr/MSWAL*"))

        server.faults.block_s = 0
        server.asked.clear()
        code, out, error = user.call(folder)
        assert (code, error) == (0, "")
        assert "fetched now: 4 files" in out
        assert all(asked.range is not None for asked in server.asked)
        assert_whole(folder, server)


def test_what_cannot_be_had_is_named_and_exits_with_1(tmp_path: Path) -> None:
    with HubServer(release_files(3)) as server:
        user = User(server, tmp_path / "home")
        server.faults.missing = {"labelsTr/MSWAL_0001.nii.gz"}
        server.faults.sent = {"imagesTr/MSWAL_0002_0000.nii.gz": b"another"}
        code, _, error = user.call(tmp_path / "out")
        assert code == 1
        assert [line.split(":")[1] for line in error.splitlines()] == [
            " imagesTr/MSWAL_0002_0000.nii.gz",
            " labelsTr/MSWAL_0001.nii.gz",
        ]
        server.faults.missing, server.faults.sent = set(), {}
        (tmp_path / "out" / "README.md").write_text("mine")
        code, out, _ = user.call(tmp_path / "out")
        assert code == 0
        assert "not as released, so fetched anew: README.md\n" in out
        assert_whole(tmp_path / "out", server)


def test_the_options_and_the_environment_count(tmp_path: Path) -> None:
    with HubServer(release_files(3)) as server:
        user = User(server, tmp_path / "home")
        server.faults.token = "hf_secret"
        code, _, error = user.call(tmp_path / "out")
        assert (code, "HF_TOKEN=..." in error) == (1, True)
        code, out, _ = user.call(tmp_path / "out", "--labels-only", HF_TOKEN="hf_secret")
        assert (code, "5 files" in out) == (0, True)
        code, _, error = user.call(tmp_path / "out", HF_HUB_OFFLINE="1")
        assert (code, "HF_HUB_OFFLINE" in error) == (1, True)
        code, _, _ = user.call(tmp_path / "out", "--labels-only", HF_HUB_OFFLINE="1")
        assert code == 0
        code, _, error = user.call(tmp_path / "out", "--revision", "0123abcd", HF_TOKEN="hf_secret")
        assert (code, "holds another revision" in error) == (1, True)


def test_a_wrong_call_exits_with_2(tmp_path: Path) -> None:
    with HubServer({}) as server:
        code, _, error = User(server, tmp_path / "home").call()
    assert code == 2
    assert "Missing argument 'DIR'" in error
