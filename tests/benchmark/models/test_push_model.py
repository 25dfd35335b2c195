"""Model bundles that are pushed to a hub on loopback, with each thing that goes wrong on the way."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.models.fetch_model import fetch_model
from mswal_bench.benchmark.models.hub_address import HubAddress, parse_hub_address
from mswal_bench.benchmark.models.push_model import push_model
from mswal_bench.benchmark.models.push_plan import PushPlan, plan_push
from mswal_bench.tests.benchmark.data.download.model_hub import READER, WRITER, ModelHub

from .small_bundle import write_small_bundle

NAME = "me/inception"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelHub]:
    """A hub without models, a user who may write, and a library that does not wait between its tries."""
    monkeypatch.setenv("HF_TOKEN", WRITER)
    monkeypatch.setattr("huggingface_hub.utils._http.time", SimpleNamespace(sleep=lambda _: None))
    with ModelHub() as server:
        yield server


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_small_bundle(tmp_path / "inception.mswal")


def plan(hub: ModelHub, bundle: Path, text: str = f"hf:{NAME}", public: bool = False) -> PushPlan:
    return plan_push(bundle, parse_hub_address(text), public=public, endpoint=hub.endpoint)


def push(hub: ModelHub, bundle: Path, public: bool = False, said: list[str] | None = None) -> HubAddress:
    announce = (lambda _: None) if said is None else said.append
    return push_model(plan(hub, bundle, public=public), announce=announce)


def refused(hub: ModelHub, bundle: Path) -> str:
    with pytest.raises(BenchError) as caught:
        push(hub, bundle)
    return str(caught.value)


@pytest.mark.parametrize("part_bytes", [None, 1000])
def test_a_bundle_is_pushed_with_its_card_and_fetched_again(
    hub: ModelHub, bundle: Path, tmp_path: Path, part_bytes: int | None
) -> None:
    hub.part_bytes = part_bytes
    pushed = push(hub, bundle)
    newest = hub.newest(NAME)
    assert str(pushed) == f"hf:{NAME}@{newest.oid}"
    assert newest.files == {
        ".gitattributes": b"",
        "README.md": b"---\nlicense: mit\n---\n\n# A small model\n",
        "inception.mswal": bundle.read_bytes(),
    }
    assert [commit.title for commit in hub.repositories[NAME].commits] == ["initial commit", "Push inception.mswal"]
    fetched = fetch_model(pushed, cache=tmp_path / "cache", endpoint=hub.endpoint, progress=False)
    assert fetched.path.read_bytes() == bundle.read_bytes()
    assert fetched.sha256 == "sha256:" + hashlib.sha256(bundle.read_bytes()).hexdigest()


@pytest.mark.parametrize("public", [False, True])
def test_a_model_is_made_private_unless_asked_otherwise(hub: ModelHub, bundle: Path, public: bool) -> None:
    push(hub, bundle, public=public)
    assert hub.repositories[NAME].private is not public


@pytest.mark.parametrize("private", [False, True])
def test_a_model_that_is_there_stays_what_it_is_and_that_is_said(hub: ModelHub, bundle: Path, private: bool) -> None:
    hub.publish(NAME, {"notes.txt": b"mine"}, private=private)
    made = plan(hub, bundle, public=private)
    assert (
        f"stays {'private' if private else 'public'}, not {'public' if private else 'private'} as asked" in made.text()
    )
    assert f"{hub.endpoint}/{NAME}/settings" in made.text()
    push_model(made)
    assert hub.repositories[NAME].private is private
    assert hub.newest(NAME).files["notes.txt"] == b"mine"


def test_an_owners_rule_that_makes_it_otherwise_is_said(
    hub: ModelHub, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = hub.publish
    monkeypatch.setattr(hub, "publish", lambda name, files, private=False, title="": publish(name, files, True, title))
    said: list[str] = []
    push(hub, bundle, public=True, said=said)
    assert said == [f"hf:{NAME} was made private, by a rule of its owner"]


def test_a_plan_uploads_nothing_and_names_all(hub: ModelHub, bundle: Path) -> None:
    digest = hashlib.sha256(bundle.read_bytes()).hexdigest()
    lines = plan(hub, bundle).text().splitlines()
    assert lines[0] == f"hf:{NAME}: is not there yet; a push makes it private"
    assert lines[1].startswith("README.md: new, 38 B, sha256:")
    assert lines[2] == f"inception.mswal: new, {bundle.stat().st_size / 1000:.2f}kB, sha256:{digest}"
    assert lines[3] == "token: HF_TOKEN"
    assert {asked.method for asked in hub.asked} == {"GET"}
    assert not hub.repositories


def test_the_same_bytes_make_no_second_commit(hub: ModelHub, bundle: Path) -> None:
    first = push(hub, bundle)
    hub.asked.clear()
    again = plan(hub, bundle)
    assert again.is_done
    assert again.text().count("is there already") == 2
    assert push_model(again) == first
    assert {asked.method for asked in hub.asked} == {"GET"}


def test_a_newer_bundle_replaces_the_one_that_is_there_and_the_commit_keeps_it(
    hub: ModelHub, bundle: Path, tmp_path: Path
) -> None:
    first, content = push(hub, bundle), bundle.read_bytes()
    (tmp_path / "new").mkdir()
    newer = write_small_bundle(tmp_path / "new" / "inception-2.mswal", seed=1)
    made = plan(hub, newer)
    assert "inception.mswal: goes, for a repository holds one bundle" in made.text()
    push_model(made, message="More folds")
    assert set(hub.newest(NAME).files) == {".gitattributes", "README.md", "inception-2.mswal"}
    assert hub.newest(NAME).title == "More folds"
    fetched = fetch_model(first, cache=tmp_path / "cache", endpoint=hub.endpoint, progress=False)
    assert fetched.path.read_bytes() == content


def test_a_bundle_that_is_in_gits_own_store_is_known_too(hub: ModelHub, bundle: Path) -> None:
    hub.large_from = 1 << 20
    first = push(hub, bundle)
    assert not hub.uploads()
    assert push(hub, bundle) == first
    bundle.write_bytes(write_small_bundle(bundle.with_name("other.mswal"), seed=1).read_bytes())
    assert push(hub, bundle) != first


def test_what_is_no_sound_bundle_is_not_pushed(hub: ModelHub, bundle: Path) -> None:
    content = bytearray(bundle.read_bytes())
    # Within the numbers of the weights.
    content[content.index(b"fold_0.safetensors") + 500] ^= 1
    bundle.write_bytes(content)
    with pytest.raises(BenchError, match=r"fold_0\.safetensors"):
        plan(hub, bundle)
    assert not hub.asked


def test_a_wrong_call_is_told_before_the_hub_is_asked(hub: ModelHub, bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="no revision can be named"):
        plan(hub, bundle, f"hf:{NAME}@main")
    with pytest.raises(BenchError, match=r"expected NAME\.mswal"):
        plan(hub, write_small_bundle(tmp_path / "inception.zip"))
    assert not hub.asked


def test_without_a_token_there_is_a_sentence(hub: ModelHub, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    assert "takes nothing from strangers, and there is no token" in refused(hub, bundle)
    assert not hub.asked


def test_a_login_counts_as_well(hub: ModelHub, bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / "token").write_text(WRITER)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    assert plan(hub, bundle).text().endswith(f"token: a login ({tmp_path / 'token'})")
    push(hub, bundle)
    assert hub.newest(NAME).title == "Push inception.mswal"


def test_a_wrong_token_and_one_that_may_only_read_are_sentences(
    hub: ModelHub, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mistyped")
    assert "the hub does not know the token" in refused(hub, bundle)
    monkeypatch.setenv("HF_TOKEN", READER)
    assert f"the hub does not let you make hf:{NAME}, or there is no such owner" in refused(hub, bundle)
    hub.publish(NAME, {})
    message = refused(hub, bundle)
    assert f"the hub does not let you write to hf:{NAME}" in message
    assert "found status 403 (Forbidden" in message
    assert hub.newest(NAME).files == {}


def test_an_owner_that_is_not_yours_or_not_there_is_a_sentence(hub: ModelHub, bundle: Path) -> None:
    with pytest.raises(BenchError) as caught:
        push_model(plan(hub, bundle, "hf:stranger/model"))
    assert "the hub does not let you make hf:stranger/model, or there is no such owner" in str(caught.value)
    assert 'under the namespace "stranger"' in str(caught.value)


def test_without_a_network_there_is_a_sentence(hub: ModelHub, bundle: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(BenchError, match="cannot be reached, or broke off"):
        plan_push(bundle, parse_hub_address(f"hf:{NAME}"), endpoint=endpoint)


def test_a_hub_that_goes_away_after_the_plan_is_a_sentence(hub: ModelHub, bundle: Path) -> None:
    made = plan(hub, bundle)
    hub.__exit__()
    with pytest.raises(BenchError, match="cannot be reached, or broke off"):
        push_model(made)


def test_an_upload_that_breaks_off_is_sent_again(hub: ModelHub, bundle: Path) -> None:
    hub.push_faults.breaks = 2
    push(hub, bundle)
    assert len(hub.uploads()) == 3
    assert hub.newest(NAME).files["inception.mswal"] == bundle.read_bytes()


def test_an_upload_that_keeps_breaking_off_is_a_sentence_and_commits_nothing(hub: ModelHub, bundle: Path) -> None:
    hub.push_faults.breaks = 100
    message = refused(hub, bundle)
    assert "cannot be reached, or broke off" in message
    assert "Nothing was committed. The same command tries again" in message
    assert set(hub.newest(NAME).files) == {".gitattributes"}
    hub.push_faults.breaks = 0
    push(hub, bundle)
    assert hub.newest(NAME).files["inception.mswal"] == bundle.read_bytes()


@pytest.mark.parametrize(
    ("step", "status", "said"),
    [
        ("create", 500, "does not let you make"),
        ("preupload", 403, "does not let you write"),
        ("preupload", 503, "does not let you write"),
        ("batch", 413, "found status 413 (as the test has it)"),
        ("upload", 403, "the hub's store refused the upload"),
        ("upload", 500, "the hub's store refused the upload"),
        ("verify", 422, "found status 422"),
        ("commit", 403, "does not let you write"),
        ("commit", 500, "found status 500"),
    ],
)
def test_each_step_that_is_refused_is_a_sentence(
    hub: ModelHub, bundle: Path, step: str, status: int, said: str
) -> None:
    hub.push_faults.status[step] = [status] * 9
    assert said in refused(hub, bundle)
    assert not hub.repositories or set(hub.newest(NAME).files) == {".gitattributes"}
    hub.push_faults.status.clear()
    push(hub, bundle)
    assert hub.newest(NAME).files["inception.mswal"] == bundle.read_bytes()


def test_a_model_that_changed_since_the_plan_is_not_written_over(hub: ModelHub, bundle: Path) -> None:
    hub.publish(NAME, {"notes.txt": b"mine"})
    hub.push_faults.before_commit = lambda: hub.publish(NAME, {"notes.txt": b"theirs"})
    assert "the model was changed while the upload ran" in refused(hub, bundle)
    assert hub.newest(NAME).files == {"notes.txt": b"theirs"}


def test_a_commit_whose_answer_is_lost_is_found_by_the_next_call(hub: ModelHub, bundle: Path) -> None:
    hub.push_faults.lost_answer = True
    assert "cannot be reached, or broke off" in refused(hub, bundle)
    hub.push_faults.lost_answer = False
    assert plan(hub, bundle).is_done
    assert push(hub, bundle).revision == hub.newest(NAME).oid


def test_a_bundle_that_the_repository_ignores_is_told(hub: ModelHub, bundle: Path) -> None:
    hub.push_faults.ignored = {"inception.mswal"}
    message = refused(hub, bundle)
    assert "does not have what was pushed" in message
    assert ".gitignore" in message


def test_a_store_that_spoils_the_upload_is_told(hub: ModelHub, bundle: Path) -> None:
    hub.push_faults.kept = {hashlib.sha256(bundle.read_bytes()).hexdigest(): b"another"}
    assert "the object is not what it is named" in refused(hub, bundle)


def test_what_the_hub_says_of_a_card_is_told(hub: ModelHub, tmp_path: Path) -> None:
    said: list[str] = []
    push(hub, write_small_bundle(tmp_path / "plain.mswal", card="# no fields\n"), said=said)
    assert said == ["Warnings while validating metadata in README.md: - empty or missing yaml metadata in repo card"]
    wrong = write_small_bundle(tmp_path / "plain.mswal", card="---\na: [\n---\n")
    assert "Invalid metadata in README.md. - bad YAML" in refused(hub, wrong)


@pytest.mark.parametrize("page", [b"<html>Welcome to Hotel</html>", b"[]", b'{"id": 1, "siblings": 7}'])
def test_a_page_that_is_no_hubs_is_a_sentence(hub: ModelHub, bundle: Path, page: bytes) -> None:
    hub.faults.page = page
    assert "does not answer as a hub does" in refused(hub, bundle)


def test_a_hub_without_the_newer_store_gets_the_bundle_too(
    hub: ModelHub, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether hf_xet is installed or not: with it, the library would send by Xet to any hub."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    push(hub, bundle)
    assert hub.newest(NAME).files["inception.mswal"] == bundle.read_bytes()
    assert constants.HF_HUB_DISABLE_XET is False


def test_a_newer_store_that_refuses_is_a_sentence(hub: ModelHub, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("hf_xet")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    hub.xet = f"{hub.address('store')}/xet"
    assert "the upload broke off" in refused(hub, bundle)
    assert set(hub.newest(NAME).files) == {".gitattributes"}


def test_signed_addresses_of_the_store_are_not_shown(
    hub: ModelHub, bundle: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hub.push_faults.breaks = 100
    message = refused(hub, bundle)
    assert hub.address("store") not in message + "".join(capfd.readouterr())


def test_a_token_is_sent_to_the_hub_alone(hub: ModelHub, bundle: Path) -> None:
    push(hub, bundle)
    assert {asked.authorization for asked in hub.asked if asked.host == "store"} == {None}
    assert {asked.authorization for asked in hub.asked if asked.host == "hub"} == {f"Bearer {WRITER}"}
