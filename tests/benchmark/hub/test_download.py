"""The download against a hub on loopback that behaves, and with each thing that goes wrong on the way."""

from __future__ import annotations

import errno
import shutil
import socket
import time
from pathlib import Path

import pytest
from filelock import FileLock
from huggingface_hub import constants

from mswal_bench.benchmark.errors import BenchError
from mswal_bench.benchmark.hub.download import Download, download_release, in_bytes
from mswal_bench.benchmark.hub.release import RECORD, read_release
from mswal_bench.benchmark.hub.source import Hub
from mswal_bench.tests.benchmark.hub.conftest import release_files
from mswal_bench.tests.benchmark.hub.hub_server import COMMIT, OTHER_COMMIT, REPOSITORY, HubServer

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


def test_several_hundred_files_arrive_as_they_are_and_are_not_fetched_twice(tmp_path: Path) -> None:
    with HubServer(release_files(150)) as server:
        done = fetch(server, tmp_path / "out")
        assert shown(tmp_path / "out") == wanted(server)
        assert (len(done.files), len(done.fetched), done.replaced) == (302, 302, ())
        asked = len(server.asked)
        again = fetch(server, tmp_path / "out")
        assert (len(again.files), again.fetched) == (302, ())
        assert len(server.asked) == asked
    assert not parts(tmp_path)


def test_the_record_says_what_is_there(server: HubServer, tmp_path: Path) -> None:
    fetch(server, tmp_path / "out")
    record = read_release(tmp_path / "out")
    assert record is not None
    assert (record.repository, record.commit) == (REPOSITORY, COMMIT)
    assert {file.path: file.size for file in record.files} == {
        path: len(content) for path, content in wanted(server).items()
    }
    kinds = {file.path: file.algorithm for file in record.files}
    assert (kinds["dataset.json"], kinds[IMAGE]) == ("git-sha1", "sha256")


def test_labels_come_without_images_and_images_later(server: HubServer, tmp_path: Path) -> None:
    done = fetch(server, tmp_path, labels_only=True)
    assert {path.split("/")[0] for path in shown(tmp_path)} == {"README.md", "dataset.json", "labelsTr"}
    assert len(done.files) == 8
    done = fetch(server, tmp_path)
    assert len(done.fetched) == 6
    assert shown(tmp_path) == wanted(server)


@pytest.mark.parametrize("path", [IMAGE, "README.md"])
def test_a_broken_connection_is_taken_up_where_it_broke(server: HubServer, tmp_path: Path, path: str) -> None:
    server.faults.break_after[path] = [5, 0, 1]
    fetch(server, tmp_path)
    assert shown(tmp_path) == wanted(server)
    assert [asked.range for asked in server.asked_for(path)] == [None, "bytes=5-", "bytes=5-", "bytes=6-"]


def test_a_connection_that_keeps_breaking_ends_in_a_sentence_and_the_next_call_goes_on(
    server: HubServer, tmp_path: Path
) -> None:
    server.faults.break_after[IMAGE] = [500, 0, 0, 0, 0]
    message = refused(server, tmp_path)
    assert IMAGE in message
    assert "after several tries" in message
    assert "The same command goes on where it stopped" in message
    assert not (tmp_path / IMAGE).exists()
    (part,) = [part for part in parts(tmp_path) if part.name.endswith(Path(IMAGE).name)]
    assert part.read_bytes() == server.content(IMAGE)[:500]

    server.faults.break_after.clear()
    server.asked.clear()
    fetch(server, tmp_path)
    assert shown(tmp_path) == wanted(server)
    assert [asked.range for asked in server.asked_for(IMAGE)] == ["bytes=500-"]
    assert not parts(tmp_path)


def test_a_part_that_was_spoilt_is_fetched_from_the_beginning(server: HubServer, tmp_path: Path) -> None:
    server.faults.break_after[IMAGE] = [500, 0, 0, 0, 0]
    refused(server, tmp_path)
    (part,) = [part for part in parts(tmp_path) if part.name.endswith(Path(IMAGE).name)]
    part.write_bytes(bytes(400))
    server.faults.break_after.clear()
    fetch(server, tmp_path)
    assert shown(tmp_path) == wanted(server)


@pytest.mark.parametrize("more", [0, 3])
def test_a_part_that_has_its_full_size_or_more_is_not_believed(server: HubServer, tmp_path: Path, more: int) -> None:
    server.faults.break_after[IMAGE] = [500, 0, 0, 0, 0]
    refused(server, tmp_path)
    (part,) = [part for part in parts(tmp_path) if part.name.endswith(Path(IMAGE).name)]
    part.write_bytes(bytes(len(server.content(IMAGE)) + more))
    server.faults.break_after.clear()
    fetch(server, tmp_path)
    assert shown(tmp_path) == wanted(server)


@pytest.mark.parametrize(
    ("fault", "ranges"), [("no_ranges", [None, "bytes=700-"]), ("wrong_ranges", [None, "bytes=700-", None])]
)
def test_a_server_that_does_not_keep_to_ranges_costs_a_second_way(
    server: HubServer, tmp_path: Path, fault: str, ranges: list[str | None]
) -> None:
    setattr(server.faults, fault, True)
    server.faults.break_after[IMAGE] = [700]
    fetch(server, tmp_path)
    assert shown(tmp_path) == wanted(server)
    assert [asked.range for asked in server.asked_for(IMAGE)] == ranges


def test_a_part_longer_than_the_sources_file_is_no_dead_end(server: HubServer, tmp_path: Path) -> None:
    """The source had the right file, then for a while a shorter one, then the right one again."""
    server.faults.break_after[IMAGE] = [500, 0, 0, 0, 0]
    refused(server, tmp_path)
    server.faults.break_after.clear()
    server.faults.sent[IMAGE] = b"another"
    server.asked.clear()
    assert "another content than it lists" in refused(server, tmp_path)
    assert [asked.range for asked in server.asked_for(IMAGE)] == ["bytes=500-", None]
    assert not parts(tmp_path)
    server.faults.sent.clear()
    fetch(server, tmp_path)
    assert shown(tmp_path) == wanted(server)


def test_a_busy_server_is_asked_again(server: HubServer, tmp_path: Path) -> None:
    server.faults.status = {"": [503, 500], IMAGE: [502, 504], "dataset.json": [408]}
    fetch(server, tmp_path)
    assert shown(tmp_path) == wanted(server)


def test_a_server_that_asks_to_wait_is_waited_for(
    server: HubServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.faults.status = {IMAGE: [429]}
    server.faults.retry_after = "1"
    start = time.monotonic()
    fetch(server, tmp_path)
    assert time.monotonic() - start >= 1
    assert len(server.asked_for(IMAGE)) == 2
    assert shown(tmp_path) == wanted(server)
    assert capfd.readouterr().err == ""


def test_whoever_watches_is_told_that_the_hub_asks_to_wait(
    server: HubServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.faults.status = {"": [429], IMAGE: [429]}
    server.faults.retry_after = "1"
    download_release(tmp_path, Hub(server.endpoint), waits_s=WAITS_S)
    assert sorted(capsys.readouterr().err.splitlines()) == [
        f"{server.endpoint}/datasets/{REPOSITORY}: the hub asks to wait 1 s",
        f"{IMAGE}: the hub asks to wait 1 s",
    ]


def test_a_server_that_stays_busy_ends_in_a_sentence(server: HubServer, tmp_path: Path) -> None:
    server.faults.status = {LABEL: [503] * 9}
    message = refused(server, tmp_path)
    assert LABEL in message
    assert "status 503" in message


@pytest.mark.parametrize("change", ["same size", "shorter", "longer"])
def test_a_file_that_changed_at_the_source_is_not_taken(server: HubServer, tmp_path: Path, change: str) -> None:
    content = server.content(IMAGE)
    server.faults.sent[IMAGE] = {"same size": content[::-1], "shorter": content[:-1], "longer": content + b"x"}[change]
    message = refused(server, tmp_path)
    assert "another content than it lists" in message
    assert IMAGE in message
    others = wanted(server)
    del others[IMAGE]
    assert shown(tmp_path) == others
    assert not parts(tmp_path)


def test_all_missing_and_changed_files_are_told_in_one_go_when_the_others_are_there(
    server: HubServer, tmp_path: Path
) -> None:
    server.faults.missing = {LABEL, "dataset.json"}
    server.faults.sent[IMAGE] = b"another"
    with pytest.raises(BenchError) as caught:
        fetch(server, tmp_path)
    assert [problem.where for problem in caught.value.problems] == ["dataset.json", IMAGE, LABEL]
    assert len(shown(tmp_path)) == len(wanted(server)) - 3
    server.faults.missing.clear()
    server.faults.sent.clear()
    server.asked.clear()
    assert len(fetch(server, tmp_path).fetched) == 3
    assert shown(tmp_path) == wanted(server)


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "gone"])
def test_what_was_damaged_on_the_disk_is_fetched_again_and_nothing_else(
    server: HubServer, tmp_path: Path, damage: str
) -> None:
    fetch(server, tmp_path)
    path = tmp_path / LABEL
    content = path.read_bytes()
    damaged = {"flipped": content[:-1] + bytes([content[-1] ^ 1]), "cut": content[:-1], "empty": b""}
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(damaged[damage])
    server.asked.clear()
    done = fetch(server, tmp_path)
    assert [file.path for file in done.fetched] == [LABEL]
    assert done.replaced == (() if damage == "gone" else (LABEL,))
    assert shown(tmp_path) == wanted(server)
    assert {asked.path for asked in server.asked} <= {
        f"/datasets/{REPOSITORY}/resolve/{COMMIT}/{LABEL}",
        f"/store/{LABEL}",
    }


def test_a_users_file_stays_until_the_right_one_is_whole(server: HubServer, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    (tmp_path / IMAGE).write_bytes(b"mended by hand")
    server.faults.break_after[IMAGE] = [500, 0, 0, 0, 0]
    refused(server, tmp_path)
    assert (tmp_path / IMAGE).read_bytes() == b"mended by hand"


def test_the_token_goes_to_the_hub_and_nowhere_else(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults.token = "hf_secret"
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch(server, tmp_path)
    assert {asked.authorization for asked in server.asked if asked.host == "hub"} == {"Bearer hf_secret"}
    assert {asked.authorization for asked in server.asked if asked.host == "store"} == {None}


@pytest.mark.parametrize("token", [None, "hf_wrong"])
def test_without_the_right_token_the_sentence_says_how_to_give_one(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    server.faults.token = "hf_secret"
    if token is not None:
        monkeypatch.setenv("HF_TOKEN", token)
    message = refused(server, tmp_path / "out")
    assert "HF_TOKEN=..." in message
    assert "hf_wrong" not in message
    assert not (tmp_path / "out").exists()


def test_a_gated_data_set_ends_the_call_at_once(server: HubServer, tmp_path: Path) -> None:
    server.faults.gated = True
    message = refused(server, tmp_path)
    assert "Accept its terms" in message
    assert "HF_TOKEN=..." in message
    assert message.count("Accept") == 1
    # The listing and a file for each connection; on a busy machine some begin another before they are stopped.
    assert len(server.asked) < len(wanted(server))


def test_nothing_is_told_of_who_asks(server: HubServer, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    agents = {asked.user_agent for asked in server.asked}
    assert all(agent.startswith("mswal-bench/") for agent in agents)
    assert not any("torch" in agent or "agent/" in agent for agent in agents)
    starts = (f"/api/datasets/{REPOSITORY}", f"/datasets/{REPOSITORY}/resolve/", "/store/")
    assert all(asked.path.startswith(starts) for asked in server.asked)


def test_offline_what_is_whole_is_checked_and_what_is_not_is_a_sentence(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(server, tmp_path)
    server.asked.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert fetch(server, tmp_path).fetched == ()
    (tmp_path / LABEL).unlink()
    assert "HF_HUB_OFFLINE" in refused(server, tmp_path)
    assert "HF_HUB_OFFLINE" in refused(server, tmp_path / "new")
    assert not server.asked


def test_without_a_network_there_is_a_sentence_and_no_folder(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(BenchError, match="cannot be reached, or stopped sending, also after several tries"):
        download_release(tmp_path / "out", Hub(endpoint), progress=False, waits_s=WAITS_S)
    assert not (tmp_path / "out").exists()


def test_a_branch_is_asked_for_each_time_and_may_not_have_moved(server: HubServer, tmp_path: Path) -> None:
    assert fetch(server, tmp_path, "main").release.commit == COMMIT
    server.asked.clear()
    fetch(server, tmp_path, "main")
    assert len(server.asked) == 1
    message = refused(server, tmp_path, OTHER_COMMIT)
    assert "holds another revision" in message
    assert COMMIT in message


def test_a_name_that_leaves_the_folder_stops_everything(server: HubServer, tmp_path: Path) -> None:
    entry = {"size": 1, "oid": "0" * 40}
    server.faults.listed = [{"path": path, **entry} for path in ("../evil", "/evil", "labelsTr/../../evil")]
    message = refused(server, tmp_path / "out")
    assert message.count("is not a name inside a folder") == 3
    assert not (tmp_path / "out").exists()


def test_a_disk_that_is_too_small_is_told_before_anything_is_written(server: HubServer, tmp_path: Path) -> None:
    huge = {"oid": "0" * 64, "sha256": "0" * 64, "size": 10**18, "pointerSize": 130}
    server.faults.listed = [{"path": "imagesTr/HUGE_0000.nii.gz", "size": 10**18, "oid": "0" * 40, "lfs": huge}]
    message = refused(server, tmp_path / "new" / "out")
    assert "too little room" in message
    assert "1.00EB free" in message
    assert f"found {in_bytes(shutil.disk_usage(tmp_path).free)[0]}" in message
    assert not (tmp_path / "new").exists()
    # Without the image there is room.
    assert len(fetch(server, tmp_path / "out", labels_only=True).files) == 8


def test_a_foreign_folder_is_refused(server: HubServer, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    assert "not that of a download: found thesis.tex" in refused(server, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    assert "a file, not a folder" in refused(server, tmp_path / "thesis.tex")
    assert not server.asked


@pytest.mark.parametrize("step", ["iterdir", "exists"])
def test_a_folder_that_may_not_be_looked_into_is_a_sentence(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, step, refuse)
        message = refused(server, tmp_path)
    assert message == f"{tmp_path}: the folder cannot be used (Permission denied)."


def test_a_folder_within_a_file_is_a_sentence(server: HubServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be used" in refused(server, tmp_path / "file" / "out")


def test_a_name_taken_by_a_folder_is_a_sentence(server: HubServer, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    (tmp_path / LABEL).unlink()
    (tmp_path / LABEL / "x").mkdir(parents=True)
    assert "cannot be written" in refused(server, tmp_path)


def test_two_calls_do_not_share_a_folder(server: HubServer, tmp_path: Path) -> None:
    with FileLock(tmp_path / ".download.lock"):
        assert "another call is downloading" in refused(server, tmp_path)
    fetch(server, tmp_path)
    assert shown(tmp_path) == wanted(server)


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    with HubServer({"dataset.json": b"{}", "labelsTr/empty": b""}) as server:
        fetch(server, tmp_path)
    assert shown(tmp_path) == {"dataset.json": b"{}", "labelsTr/empty": b""}


def test_files_of_one_content_do_not_disturb_each_other(tmp_path: Path) -> None:
    files = {f"labelsTr/EMPTY_{number}.nii.gz": b"\x1f\x8b" * 5000 for number in range(12)}
    with HubServer(files) as server:
        fetch(server, tmp_path)
    assert shown(tmp_path) == files


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.00kB"), (123_456_789_000, "123GB")])
def test_bytes_for_a_sentence(size: int, text: str) -> None:
    assert in_bytes(size) == text
