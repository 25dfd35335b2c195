"""Makes records whose parts agree, and signs them with keys of the tests."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mswal_bench.benchmark.records.identity import identity_of, sealed, submission_digest
from mswal_bench.benchmark.records.organiser_key import SigningKey, leave_public_key
from mswal_bench.benchmark.records.record_store import SIGNATURE_FILE
from mswal_bench.benchmark.records.record_writing import record_json
from mswal_bench.benchmark.records.result_record import ResultRecord

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), Path("/nowhere/organiser"))
"""The organiser's."""
OTHER_KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))), Path("/nowhere/other"))


def key_file(folder: Path, key: SigningKey = KEY) -> Path:
    """Writes the private key into a file of the folder, and gives its path."""
    path = folder / key.where.name
    path.write_bytes(key.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def consistent(record: ResultRecord) -> ResultRecord:
    """The record with the digests and the id that follow from the rest of it."""
    of_form = submission_digest(record.form, record.predictions_digest)
    record = record.model_copy(update={"submission_digest": of_form})
    return sealed(record.model_copy(update={"id": identity_of(record).id}))


def write_signed(folder: Path, record: ResultRecord, key: SigningKey = KEY) -> None:
    """Writes a record, and the signature if it is verified, into a folder of a results folder."""
    content = record_json(record).encode()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_bytes(content)
    if record.status == "verified":
        (folder / SIGNATURE_FILE).write_bytes(key.signed(content))
        leave_public_key(folder.parents[2], key.public)
