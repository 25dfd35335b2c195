"""What is asked of the hub, and its answers in our words."""

from __future__ import annotations

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.download.hub import Hub
from mswal_bench.benchmark.data.download.hub_faults import PassingError
from mswal_bench.benchmark.data.download.release import Release

from .hub_server import COMMIT, HubServer


def listing(server: HubServer, revision: str = "62c286b0") -> Release:
    return Hub(server.endpoint).release(revision)


def refused(server: HubServer, revision: str = "62c286b0") -> str:
    with pytest.raises(BenchError) as caught:
        listing(server, revision)
    return str(caught.value)


def test_a_listing_is_sorted_images_last_and_without_hidden_files(server: HubServer) -> None:
    paths = [file.path for file in listing(server).files]
    assert paths[:3] == ["README.md", "dataset.json", "labelsTr/MSWAL_0001.nii.gz"]
    assert paths[-1] == "imagesTr/MSWAL_0006_0000.nii.gz"
    assert ".gitattributes" not in paths


@pytest.mark.parametrize("revision", ["62c286b0", COMMIT, COMMIT[:12]])
def test_the_beginning_of_a_hash_is_enough_also_for_a_hub_that_wants_it_all(server: HubServer, revision: str) -> None:
    server.faults.full_hashes_only = True
    assert listing(server, revision).commit == COMMIT


@pytest.mark.parametrize("revision", ["fffffff", "no-such-branch", "f" * 40, "../main", "a b?c#d"])
def test_an_unknown_revision_is_a_sentence(server: HubServer, revision: str) -> None:
    message = refused(server, revision)
    assert "no such revision" in message
    assert "/commits/main" in message


def test_a_beginning_that_two_commits_share_names_none(server: HubServer) -> None:
    server.commits = {"62c286b0" + "a" * 32: "one", "62c286b0" + "b" * 32: "other"}
    server.faults.full_hashes_only = True
    assert "no such revision" in refused(server)


def test_a_tag_does_not_pass_for_a_commit(server: HubServer) -> None:
    server.tags["62c286b0"] = "f" * 40
    assert "names another commit" in refused(server)


@pytest.mark.parametrize("page", [b"<html>Welcome to Hotel</html>", b"[]", b"{}", b'{"id": "x", "siblings": [1]}'])
def test_a_page_that_is_no_hubs_is_a_sentence(server: HubServer, page: bytes) -> None:
    server.faults.page = page
    assert "does not answer as a hub does" in refused(server)


@pytest.mark.parametrize("endpoint", ["huggingface.co", "ftp://127.0.0.1", "http://127.0.0.1:port"])
def test_an_endpoint_that_is_none_is_a_sentence(endpoint: str) -> None:
    with pytest.raises(BenchError, match="HF_ENDPOINT"):
        Hub(endpoint).release("main")


def test_the_endpoint_of_the_environment_counts(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Hub().place.endpoint == "https://huggingface.co"
    monkeypatch.setenv("HF_ENDPOINT", f"{server.endpoint}/")
    assert Hub().release("main").commit == COMMIT


def test_a_token_that_cannot_be_sent_is_a_sentence(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_abc…")
    with pytest.raises(BenchError, match="a character that no token has"):
        Hub(server.endpoint)


def test_files_without_size_or_digest_are_refused_all_in_one_go(server: HubServer) -> None:
    server.faults.listed = [
        {"path": "a", "oid": "0" * 40},
        {"path": "b", "size": 1},
        {"path": "c", "size": 1, "oid": "../0"},
        {"path": "d", "size": -1, "oid": "0" * 40},
    ]
    assert refused(server).count("no size and digest") == 4


def test_a_stretch_is_asked_for_and_told(server: HubServer) -> None:
    hub, release = Hub(server.endpoint), listing(server)
    image = release.files[-1]
    with hub.stream(release.commit, image, 100) as stream:
        assert (stream.start, stream.size) == (100, image.size)
        assert b"".join(stream.blocks) == server.content(image.path)[100:]
    with hub.stream(release.commit, image, 0) as stream:
        assert (stream.start, stream.size) == (0, image.size)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_hub_may_be_asked_again(server: HubServer, status: int) -> None:
    server.faults.status = {"": [status]}
    server.faults.retry_after = "7"
    with pytest.raises(PassingError) as caught:
        listing(server)
    assert caught.value.wait_s == (7 if status in {429, 503} else 0)
    assert listing(server).commit == COMMIT


def test_nobody_waits_longer_than_the_hubs_own_window(server: HubServer) -> None:
    server.faults.status = {"": [429]}
    server.faults.retry_after = "86400"
    with pytest.raises(PassingError) as caught:
        listing(server)
    assert caught.value.wait_s == 300


def test_another_refusal_is_final(server: HubServer) -> None:
    server.faults.status = {"": [418]}
    assert "found status 418" in refused(server)
