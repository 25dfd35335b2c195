"""Model bundles that are fetched from a hub on loopback, with each thing that goes wrong on the way."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock
from huggingface_hub import constants

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.models.bundle import MOST_BYTES
from mswal_bench.benchmark.models.fetch_model import fetch_model
from mswal_bench.benchmark.models.hub_address import parse_hub_address
from mswal_bench.benchmark.models.model_cache import Fetched
from mswal_bench.tests.benchmark.data.download.model_hub import READER, ModelHub

NAME = "lab/inception"
BUNDLE = random.Random(0).randbytes(5000)
FILES = {".gitattributes": b"", "README.md": b"# a card\n", "inception.mswal": BUNDLE}
WAITS_S = (0.01, 0.01, 0.01)


@pytest.fixture
def hub() -> Iterator[ModelHub]:
    """A model in two versions; the newer one is of this module's bytes."""
    with ModelHub() as server:
        server.publish(NAME, FILES | {"inception.mswal": b"older" * 400}, title="older")
        server.publish(NAME, FILES)
        yield server


def fetch(hub: ModelHub, cache: Path, revision: str | None = None, said: list[str] | None = None) -> Fetched:
    address = parse_hub_address(f"hf:{NAME}" + (f"@{revision}" if revision else ""))
    announce = (lambda _: None) if said is None else said.append
    return fetch_model(address, cache=cache, endpoint=hub.endpoint, announce=announce, progress=False, waits_s=WAITS_S)


def refused(hub: ModelHub, cache: Path, revision: str | None = None) -> str:
    with pytest.raises(BenchError) as caught:
        fetch(hub, cache, revision)
    return str(caught.value)


def bytes_asked_for(hub: ModelHub) -> list[str | None]:
    return [asked.range for asked in hub.asked if asked.host == "store"]


def test_the_newest_bundle_is_fetched_and_told_with_its_commit_and_digest(hub: ModelHub, tmp_path: Path) -> None:
    said: list[str] = []
    fetched, commit = fetch(hub, tmp_path, said=said), hub.newest(NAME).oid
    assert fetched.path.read_bytes() == BUNDLE
    assert fetched.path.name == "inception.mswal"
    assert fetched.commit == commit
    assert str(fetched.address) == f"hf:{NAME}@{commit}"
    assert fetched.sha256 == "sha256:" + hashlib.sha256(BUNDLE).hexdigest()
    page = f"{hub.endpoint}/{NAME}/tree/{commit}"
    assert said == [
        f"hf:{NAME} is hf:{NAME}@{commit} now",
        f"downloading inception.mswal, 5.00kB, from {page}",
    ]
    # Nothing of the repository but the bundle.
    assert {each.name for each in tmp_path.rglob("*") if each.is_file() and each.name[0] != "."} == {
        "inception.mswal",
        "release.json",
        "checked.json",
    }


def test_revisions_are_commits_their_beginnings_branches_and_tags(hub: ModelHub, tmp_path: Path) -> None:
    older, newer = (commit.oid for commit in hub.repositories[NAME].commits)
    hub.tags["v1"] = older
    for revision, commit in ((older, older), (older[:8], older), ("v1", older), ("main", newer), (newer[:7], newer)):
        assert fetch(hub, tmp_path, revision).commit == commit
    assert len(bytes_asked_for(hub)) == 2
    assert "no such revision" in refused(hub, tmp_path, "v2")
    assert "and name it behind an @" in refused(hub, tmp_path, "f" * 40)


def test_a_full_commit_in_the_cache_asks_the_hub_for_nothing(
    hub: ModelHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fetch(hub, tmp_path)
    hub.asked.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert fetch(hub, tmp_path, first.commit) == first
    assert not hub.asked
    message = refused(hub, tmp_path, "main")
    assert "HF_HUB_OFFLINE forbids" in message
    assert f"hf:{NAME}@{first.commit}: is in the cache" in message


def test_a_branch_is_asked_for_again_and_its_bundle_is_not(hub: ModelHub, tmp_path: Path) -> None:
    fetch(hub, tmp_path)
    assert fetch(hub, tmp_path).path.read_bytes() == BUNDLE
    assert len(bytes_asked_for(hub)) == 1
    hub.publish(NAME, FILES | {"inception.mswal": BUNDLE[::-1]}, title="newer still")
    assert fetch(hub, tmp_path).path.read_bytes() == BUNDLE[::-1]


def test_a_bundle_that_changed_in_the_cache_is_fetched_anew(hub: ModelHub, tmp_path: Path) -> None:
    first = fetch(hub, tmp_path)
    first.path.write_bytes(BUNDLE[::-1])
    # The clock of some file systems is coarse.
    os.utime(first.path, ns=(1, 1))
    assert fetch(hub, tmp_path, first.commit).path.read_bytes() == BUNDLE
    first.path.write_bytes(BUNDLE[:-1])
    assert fetch(hub, tmp_path, first.commit).path.read_bytes() == BUNDLE
    assert len(bytes_asked_for(hub)) == 3


def test_a_bundle_that_was_only_touched_is_read_and_not_fetched(hub: ModelHub, tmp_path: Path) -> None:
    first = fetch(hub, tmp_path)
    os.utime(first.path, ns=(1, 1))
    (first.path.parent / "checked.json").write_text("spoilt")
    assert fetch(hub, tmp_path, first.commit) == first
    assert len(bytes_asked_for(hub)) == 1


def test_a_spoilt_record_is_written_anew(hub: ModelHub, tmp_path: Path) -> None:
    first = fetch(hub, tmp_path)
    (first.path.parent / "release.json").write_text("{")
    assert fetch(hub, tmp_path, first.commit) == first


def test_a_small_bundle_has_a_sha256_too(hub: ModelHub, tmp_path: Path) -> None:
    hub.publish(NAME, FILES | {"inception.mswal": b"small"}, title="small")
    assert fetch(hub, tmp_path).sha256 == "sha256:" + hashlib.sha256(b"small").hexdigest()
    assert fetch(hub, tmp_path).sha256 == "sha256:" + hashlib.sha256(b"small").hexdigest()


def test_a_broken_download_goes_on_where_it_broke(hub: ModelHub, tmp_path: Path) -> None:
    hub.faults.break_after["inception.mswal"] = [3000, 0, 0, 0, 0]
    message = refused(hub, tmp_path)
    assert "after several tries" in message
    assert "The same command goes on where it stopped" in message
    hub.asked.clear()
    hub.faults.break_after.clear()
    assert fetch(hub, tmp_path).path.read_bytes() == BUNDLE
    assert bytes_asked_for(hub) == ["bytes=3000-"]


@pytest.mark.parametrize("sent", [BUNDLE[::-1], BUNDLE[:-1], BUNDLE + b"x"])
def test_another_content_than_listed_is_not_taken(hub: ModelHub, tmp_path: Path, sent: bytes) -> None:
    hub.faults.sent["inception.mswal"] = sent
    message = refused(hub, tmp_path)
    assert "another content than it lists" in message
    assert "tell the publishers of the model" in message
    assert not list(tmp_path.rglob("*.mswal"))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"README.md": b"#"}, "holds no model bundle: expected one file *.mswal."),
        ({"a.mswal": b"1", "b/c.mswal": b"2"}, "found a.mswal, b/c.mswal"),
        ({"../a.mswal": b"1"}, "is not a name inside a folder"),
        ({".a.mswal": b"1", "README.md": b"#"}, "holds no model bundle"),
    ],
)
def test_a_revision_without_one_bundle_is_refused(
    hub: ModelHub, tmp_path: Path, files: dict[str, bytes], said: str
) -> None:
    hub.publish(NAME, files)
    assert said in refused(hub, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_huge_bundle_is_refused_before_anything_is_downloaded(hub: ModelHub, tmp_path: Path) -> None:
    hub.publish(NAME, {"README.md": b"#"})
    lfs = {"sha256": "a" * 64, "size": MOST_BYTES + 1, "pointerSize": 1}
    hub.faults.listed = [{"rfilename": "a.mswal", "size": MOST_BYTES + 1, "blobId": "a" * 40, "lfs": lfs}]
    assert "is too large for a model bundle" in refused(hub, tmp_path)
    assert not bytes_asked_for(hub)


def test_a_disk_without_room_is_told_before_anything_is_downloaded(
    hub: ModelHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4999))
    message = refused(hub, tmp_path)
    assert "expected 5.00kB free, found 5.00kB. Make room, or name another place in HF_HOME." in message
    assert not bytes_asked_for(hub)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5000))
    assert fetch(hub, tmp_path).path.read_bytes() == BUNDLE


def test_a_private_model_wants_a_token(hub: ModelHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.repositories[NAME].private = True
    message = refused(hub, tmp_path)
    assert "does not have the model" in message
    assert "HF_TOKEN=..." in message
    monkeypatch.setenv("HF_TOKEN", "hf_mistyped")
    assert "the hub does not know the token" in refused(hub, tmp_path)
    monkeypatch.setenv("HF_TOKEN", READER)
    assert fetch(hub, tmp_path).path.read_bytes() == BUNDLE
    assert all(asked.authorization is None for asked in hub.asked if asked.host == "store")


def test_a_model_that_is_not_there_is_a_sentence(
    hub: ModelHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repositories.clear()
    assert "does not have the model" in refused(hub, tmp_path)
    monkeypatch.setenv("HF_TOKEN", READER)
    assert f"the hub does not have the model: found status 404 at {hub.endpoint}/{NAME}." in refused(hub, tmp_path)


def test_without_a_network_what_is_in_the_cache_is_named(hub: ModelHub, tmp_path: Path) -> None:
    commit = fetch(hub, tmp_path).commit
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(BenchError) as caught:
        fetch_model(parse_hub_address(f"hf:{NAME}"), cache=tmp_path, endpoint=endpoint, waits_s=WAITS_S)
    assert "cannot be reached" in str(caught.value)
    assert f"hf:{NAME}@{commit}: is in the cache. Name the whole commit" in str(caught.value)


def test_a_second_process_waits_for_the_first(hub: ModelHub, tmp_path: Path) -> None:
    place = tmp_path / "lab--inception" / hub.newest(NAME).oid
    place.mkdir(parents=True)
    said: list[str] = []
    with FileLock(place / ".download.lock"):
        other = threading.Thread(target=fetch, args=(hub, tmp_path), kwargs={"said": said})
        other.start()
        while not any("another process downloads" in line for line in said):
            assert other.is_alive()
        assert not bytes_asked_for(hub)
    other.join(timeout=60)
    assert (place / "inception.mswal").read_bytes() == BUNDLE


def test_many_at_once_fetch_it_once(hub: ModelHub, tmp_path: Path) -> None:
    found: list[Fetched] = []
    threads = [threading.Thread(target=lambda: found.append(fetch(hub, tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(found) == 4
    assert len(set(found)) == 1
    assert len(bytes_asked_for(hub)) == 1


def test_a_cache_that_cannot_be_used_is_a_sentence(hub: ModelHub, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    message = refused(hub, tmp_path / "file" / "cache")
    assert "the cache cannot be used" in message
    assert "HF_HOME" in message
