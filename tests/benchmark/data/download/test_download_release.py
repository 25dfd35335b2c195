"""The download against a hub on loopback that behaves, and with each thing that goes wrong on the way."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from huggingface_hub import constants

from mswal_bench.benchmark.data.download.disk_room import in_bytes
from mswal_bench.benchmark.data.download.release import read_release

from .conftest import release_files
from .downloads import IMAGE, LABEL, fetch, parts, refused, shown, wanted
from .hub_server import COMMIT, OTHER_COMMIT, REPOSITORY, HubServer


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
