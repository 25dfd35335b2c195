"""The download with each thing that goes wrong on the way from the hub."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.download.download_release import download_release
from mswal_bench.benchmark.data.download.hub import Hub

from .downloads import IMAGE, LABEL, WAITS_S, fetch, parts, refused, shown, wanted
from .hub_server import REPOSITORY, HubServer


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


def test_without_a_network_there_is_a_sentence_and_no_folder(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(BenchError, match="cannot be reached, or broke off, also after several tries"):
        download_release(tmp_path / "out", Hub(endpoint), progress=False, waits_s=WAITS_S)
    assert not (tmp_path / "out").exists()
