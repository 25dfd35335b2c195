"""Addresses of models on a hub, right and wrong."""

from __future__ import annotations

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.models.hub_address import HubAddress, is_hub_address, parse_hub_address

COMMIT = "62c286b0" + "5eed" * 8


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("hf:me/inception", HubAddress("me", "inception")),
        ("hf:My_Lab-1/a.b_c-d@main", HubAddress("My_Lab-1", "a.b_c-d", "main")),
        ("hf:me/inception@62c286b0", HubAddress("me", "inception", "62c286b0")),
        (f"hf:me/inception@{COMMIT}", HubAddress("me", "inception", COMMIT)),
        ("hf:me/inception@refs/pr/1", HubAddress("me", "inception", "refs/pr/1")),
        ("hf:me/inception@v1@2", HubAddress("me", "inception", "v1@2")),
    ],
)
def test_an_address_is_read_and_written_back(text: str, address: HubAddress) -> None:
    assert is_hub_address(text)
    assert parse_hub_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    [
        "me/inception",
        "hf:",
        "hf:inception",
        "hf:/inception",
        "hf:me/",
        "hf:me/in/ception",
        "hf:me/..",
        "hf:../me",
        "hf:me/.hidden",
        "hf:me/a--b",
        "hf:me/a..b",
        "hf:me/model.git",
        "hf:me/model-",
        f"hf:me/{'a' * 97}",
        "hf:me/modèle",
        "hf:me/model@",
        "hf:me/model@a b",
        "hf:me/model@a..b",
        "hf:me/model@../main",
        "hf:me/model@/main",
        "hf:me/model@main/",
        "hf:me/model@a:b",
        "hf:me/model@a\nb",
        "hf:me/model\n",
        f"hf:me/model@{'a' * 201}",
    ],
)
def test_what_is_no_address_is_a_sentence_with_the_form(text: str) -> None:
    with pytest.raises(BenchError, match="is no address of a model") as caught:
        parse_hub_address(text)
    assert "expected hf:OWNER/NAME or hf:OWNER/NAME@REVISION" in str(caught.value)


def test_only_a_full_hash_is_a_commit_that_never_changes() -> None:
    assert parse_hub_address(f"hf:me/model@{COMMIT}").commit == COMMIT
    for revision in (COMMIT[:39], "main", "z" * 40):
        assert parse_hub_address(f"hf:me/model@{revision}").commit is None
    assert parse_hub_address("hf:me/model@main").at(COMMIT).commit == COMMIT


def test_the_page_is_that_of_the_commit_and_of_the_environments_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    address = HubAddress("me", "model")
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert address.page() == "https://huggingface.co/me/model"
    assert address.at(COMMIT).page() == f"https://huggingface.co/me/model/tree/{COMMIT}"
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert address.page() == "https://mirror.example/me/model"
    assert address.page("https://other.example/") == "https://other.example/me/model"
