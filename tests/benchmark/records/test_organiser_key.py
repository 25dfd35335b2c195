from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records.organiser_key import (
    Signature,
    leave_public_key,
    make_key,
    organiser_of,
    read_public_key,
    read_signing_key,
)
from mswal_bench.tests.benchmark.signed_records import KEY, OTHER_KEY


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "organiser"
    made = make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_public_key(tmp_path / "organiser.pub") == made.public == read_signing_key(path).public
    before = path.read_bytes()
    with pytest.raises(BenchError) as raised:
        make_key(path)
    assert [problem.where for problem in raised.value.problems] == [str(path), f"{path}.pub"]
    assert path.read_bytes() == before
    with pytest.raises(BenchError, match="cannot be written"):
        make_key(path / "below")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["organiser", "organiser.pub"]


def test_a_key_that_was_made_in_part_is_finished(tmp_path: Path) -> None:
    """A kill leaves the private half alone, from which the public one follows; a failure leaves nothing."""
    path = tmp_path / "organiser"
    made = make_key(path)
    (tmp_path / "organiser.pub").unlink()
    assert make_key(path).public == made.public == read_public_key(tmp_path / "organiser.pub")
    with pytest.raises(BenchError, match="cannot be written"):
        make_key(tmp_path / ("k" * 253))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["organiser", "organiser.pub"]


def test_a_signature_is_of_these_bytes_by_this_key() -> None:
    signature = Signature.model_validate_json(KEY.signed(b"record"))
    assert KEY.public.has_signed(b"record", signature)
    assert not KEY.public.has_signed(b"record ", signature)
    assert not OTHER_KEY.public.has_signed(b"record", signature)
    assert signature.key == KEY.public.fingerprint != OTHER_KEY.public.fingerprint


def test_the_signature_of_a_known_key() -> None:
    """Of RFC 8032, 7.1, test 2."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from mswal_bench.benchmark.records.organiser_key import SigningKey

    secret = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    key = SigningKey(Ed25519PrivateKey.from_private_bytes(secret), Path("rfc"))
    assert key.public.raw.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = Signature.model_validate_json(key.signed(b"\x72")).signature
    assert base64.b64decode(signature).hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_what_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(BenchError, match=r"cannot be read.*`mswal-bench results keygen` makes one"):
        read_signing_key(path)
    path.write_bytes(KEY.public.pem)
    with pytest.raises(BenchError, match="is not an Ed25519 key in PEM: expected the organiser's private key"):
        read_signing_key(path)
    other = generate_private_key(SECP256R1())
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(BenchError, match="found a key of another kind"):
        read_signing_key(path)
    path.write_bytes(KEY.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    with pytest.raises(BenchError, match="is locked by a passphrase"):
        read_signing_key(path)
    path.write_bytes(other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(BenchError, match="found a key of another kind"):
        read_public_key(path)
    path.write_bytes(b"\xff" * 100_000)
    with pytest.raises(BenchError, match="is not an Ed25519 key in PEM"):
        read_public_key(path)
    with pytest.raises(BenchError, match="Is a directory"):
        read_public_key(tmp_path)


def test_a_folder_has_one_organiser(tmp_path: Path) -> None:
    assert organiser_of(tmp_path, None) is None
    assert organiser_of(tmp_path, KEY.public) == KEY.public
    leave_public_key(tmp_path, KEY.public)
    leave_public_key(tmp_path, KEY.public)
    assert organiser_of(tmp_path, None) == KEY.public
    with pytest.raises(BenchError, match="is not the key of the organiser that was given"):
        leave_public_key(tmp_path, OTHER_KEY.public)
    assert organiser_of(tmp_path, None) == KEY.public
