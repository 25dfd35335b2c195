"""A few of the bundles that `hostile_bundles.py` draws, the same each time."""

import random

import pytest

pytest.importorskip("nnunetv2")

from .hostile_bundles import hostile_bundle, packed, sound_members, survives


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return sound_members(tmp_path_factory.mktemp("sound"))


def test_a_sound_one_is_opened(members, tmp_path):
    assert survives(tmp_path / "a.mswal", packed(members, mended=False)) == "opened"
    assert survives(tmp_path / "a.mswal", packed(members, mended=True)) == "opened"


@pytest.mark.parametrize("seed", range(4))
def test_changed_ones_are_opened_or_refused(members, tmp_path, seed):
    draw = random.Random(seed)
    codes = [survives(tmp_path / "a.mswal", hostile_bundle(draw, members)) for _ in range(60)]
    assert len(set(codes)) > 5


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("model.json", None, "no-bundle"),
        ("README.md", None, "member-missing"),
        ("fold_0.safetensors", None, "member-missing"),
        ("plans.json", None, "documents-foreign"),
        ("more.json", b"{}", "documents-foreign"),
        ("more.txt", b"x", "member-unknown"),
        ("x.zip", b"x", "nested-archive"),
        ("../x", b"x", "path-traversal"),
        ("/x", b"x", "absolute-name"),
        ("README.md", b"\xff", "not-text"),
        ("plans.json", b"[]", "not-json"),
        ("plans.json", b'{"a": NaN}', "not-json"),
        ("plans.json", b'{"a": 1, "a": 1}', "not-json"),
        ("plans.json", b"[" * 100_000, "not-json"),
        ("plans.json", b" " * (5 << 20), "file-too-large"),
        ("model.json", b"{}", "form-invalid"),
        ("fold_0.safetensors", b"12345678901234567890", "weights-invalid"),
    ],
)
def test_each_fault_has_its_code(members, tmp_path, name, content, code):
    changed = {**members, name: content} if content is not None else {k: v for k, v in members.items() if k != name}
    assert survives(tmp_path / "a.mswal", packed(changed, mended=True)) == code


def test_what_was_exchanged_is_told_by_its_digest(members, tmp_path):
    weights = bytearray(members["fold_0.safetensors"])
    weights[-1] ^= 1
    changed = {**members, "fold_0.safetensors": bytes(weights)}
    assert survives(tmp_path / "a.mswal", packed(changed, mended=False)) == "digest-differs"
