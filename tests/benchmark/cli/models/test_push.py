"""`mswal-bench model push` as a user calls it, against a hub on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.tests.benchmark.data.download.model_hub import WRITER, ModelHub
from mswal_bench.tests.benchmark.models.small_bundle import write_small_bundle

NAME = "me/inception"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelHub]:
    with ModelHub() as server:
        monkeypatch.setenv("HF_ENDPOINT", f"{server.endpoint}/")
        monkeypatch.setenv("HF_TOKEN", WRITER)
        yield server


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_small_bundle(tmp_path / "inception.mswal")


def push(bundle: Path, *options: str, address: str = f"hf:{NAME}") -> Result:
    return CliRunner().invoke(main, ["model", "push", str(bundle), address, *options])


def test_the_address_with_the_commit_is_printed_and_all_else_is_on_stderr(hub: ModelHub, bundle: Path) -> None:
    done = push(bundle, "--message", "First folds")
    commit = hub.newest(NAME)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"hf:{NAME}@{commit.oid}\n"
    assert done.stderr.splitlines()[0] == f"hf:{NAME}: is not there yet; a push makes it private"
    assert done.stderr.splitlines()[-1] == f"{hub.endpoint}/{NAME}/tree/{commit.oid}"
    assert commit.title == "First folds"
    assert hub.repositories[NAME].private

    again = push(bundle)
    assert again.stdout == done.stdout
    assert "nothing was uploaded: it is there already" in again.stderr
    assert hub.newest(NAME) is commit


def test_public_is_asked_for(hub: ModelHub, bundle: Path) -> None:
    assert push(bundle, "--public").exit_code == 0
    assert not hub.repositories[NAME].private


def test_a_dry_run_says_what_would_be_and_does_nothing(hub: ModelHub, bundle: Path) -> None:
    done = push(bundle, "--dry-run")
    assert done.exit_code == 0
    assert "a push makes it private" in done.stdout
    assert "token: HF_TOKEN" in done.stdout
    assert done.stdout.endswith("nothing was uploaded\n")
    assert not hub.repositories
    push(bundle)
    assert push(bundle, "--dry-run").stdout.endswith("nothing would be uploaded: it is there already\n")


def test_a_terminal_obeys_nothing_of_a_name_on_the_hub(hub: ModelHub, bundle: Path) -> None:
    hub.publish(NAME, {"\x1b[2Jold.mswal": b"x"})
    done = push(bundle, "--dry-run")
    assert r"\x1b[2Jold.mswal: goes" in done.stdout
    assert "\x1b" not in done.output


def test_what_is_wrong_is_a_sentence_and_exits_with_1(hub: ModelHub, bundle: Path) -> None:
    for address, said in (
        ("me/inception", "is no address of a model"),
        ("hf:me/inception@main", "no revision can be named"),
        ("hf:stranger/model", "does not let you make"),
    ):
        refused = push(bundle, address=address)
        assert (refused.exit_code, said in refused.stderr) == (1, True), refused.stderr
        assert refused.stderr.splitlines()[-1].startswith("error: ")
    assert not hub.repositories
